"""Which backups stay beyond the week: the first full one of each month, for a year."""

from datetime import UTC, datetime, timedelta

from server.backups.barman import Backup, kept_for_a_year

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def daily(days: int) -> list[Backup]:
    """A backup every day until now, a full one each Sunday."""
    ends = [NOW - timedelta(days=ago) for ago in range(days)]
    return [Backup(f"{end:%Y%m%d}", end.isoweekday() == 7, end, 1, is_kept=False, is_obsolete=False) for end in ends]


def test_the_first_full_backup_of_each_month_is_kept_for_a_year() -> None:
    kept = sorted(kept_for_a_year(daily(800), NOW))
    assert kept[:2] == ["20250406", "20250504"]
    assert kept[-2:] == ["20260201", "20260301"]
    assert len(kept) == 12


def test_incremental_backups_are_not_kept_for_themselves() -> None:
    assert kept_for_a_year([backup for backup in daily(100) if not backup.is_full], NOW) == set()
