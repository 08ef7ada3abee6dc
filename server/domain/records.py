"""Medical records: which doctors treat a patient, what breaking the glass grants, how long records stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.appointment import Status

TREATING = (Status.SCHEDULED, Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED)
"""States of an appointment that make its doctor the patient's: not a hold, and not what never took place."""
TREATED_FOR = timedelta(days=365)
"""How long after the end of the last such appointment its doctor still treats the patient; one to come counts too."""
GRANT_LASTS = timedelta(hours=1)
"""How long a doctor who broke the glass may read and write the patient's records."""


class Access(StrEnum):
    """What an entry of the audit trail says was done."""

    CREATED = "created"
    READ = "read"
    LISTED = "listed"
    VERSIONS_READ = "versions_read"
    AMENDED = "amended"
    BROKE_GLASS = "broke_glass"
    IMPORTED = "imported"
    PATIENT_CHANGED = "patient_changed"
    """Not the records, but the patient's own particulars."""


class Basis(StrEnum):
    """What entitled to it."""

    OWN = "own"
    """The patient."""
    TREATING = "treating"
    AUTHOR = "author"
    BREAK_GLASS = "break_glass"
    IMPORT = "import"
    REASON = "reason"
    """Nothing but a reason: the patient is of other clinics."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a clinic's records stay, counted from their last amendment."""

    hot_years: int = 3
    """In the database; then they may be archived."""
    kept_years: int | None = None
    """At all; then they may be destroyed. None: for ever."""

    def archived_before(self, now: datetime) -> datetime:
        """Records that were last amended before this instant may be archived."""
        return _years_before(now, self.hot_years)

    def destroyed_before(self, now: datetime) -> datetime | None:
        """Records that were last amended before this instant may be destroyed; None if none may."""
        return None if self.kept_years is None else _years_before(now, self.kept_years)


def _years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)
