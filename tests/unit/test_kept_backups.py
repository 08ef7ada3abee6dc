"""Which backups stay beyond the week: the first full one of each month, for a year; which stream goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from db.postgres.recovery.history import History
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


SEGMENT = 16 * 2**20


@pytest.mark.parametrize(
    ("segment", "has"),
    [
        ("000000030000000000000009", True),  # it is being written
        ("00000003000000000000000A", False),
        ("000000020000000000000006", True),  # timeline 3 begins in it
        ("000000020000000000000007", False),  # written by the server before, and lost by the restore
        ("000000040000000000000001", False),
    ],
)
def test_a_server_has_written_what_is_before_the_end_of_its_timelines(segment: str, has: bool) -> None:
    history = History({1: 3 * SEGMENT + 5, 2: 6 * SEGMENT + 5, 3: 9 * SEGMENT + 5}, SEGMENT)
    assert history.has(segment) is has
