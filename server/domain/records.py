"""Medical records: which doctors treat a patient, what breaking the glass grants, how long records are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.booking.appointment import AppointmentStatus

TREATING = (
    AppointmentStatus.SCHEDULED,
    AppointmentStatus.CHECKED_IN,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED,
)
"""States of an appointment by which its doctor treats the patient: no holds, and no visits that never took place."""
TREATED_FOR = timedelta(days=365)
"""How long after the last such appointment its doctor still counts as treating the patient; a future one counts too."""
GRANT_LASTS = timedelta(hours=1)
"""How long a doctor who broke the glass may read and write the patient's records."""


class Access(StrEnum):
    """What was done, as an entry of the audit trail says."""

    CREATED = "created"
    READ = "read"
    LISTED = "listed"
    VERSIONS_READ = "versions_read"
    AMENDED = "amended"
    BROKE_GLASS = "broke_glass"
    IMPORTED = "imported"
    EXPORTED = "exported"
    PATIENT_CHANGED = "patient_changed"
    """The patient's own data was changed, not the records."""
    REPRESENTATIVE_ADDED = "representative_added"
    REPRESENTATIVE_ENDED = "representative_ended"


class Basis(StrEnum):
    """What entitled the caller to the access."""

    OWN = "own"
    """The caller is the patient."""
    REPRESENTATIVE = "representative"
    """The caller acts for the patient; the note says what the caller is to the patient."""
    TREATING = "treating"
    AUTHOR = "author"
    BREAK_GLASS = "break_glass"
    IMPORT = "import"
    REASON = "reason"
    """Only a reason that was given: by somebody whose clinics the patient does not belong to, or for an export."""


_OF_REPRESENTATIVES = frozenset({Access.REPRESENTATIVE_ADDED, Access.REPRESENTATIVE_ENDED})


def note_of_representative(relation: str, text: str = "") -> str:
    """The note of an entry that is about a representative, or about what one did."""
    return f"{relation}: {text}" if text else relation


def read_note(access: str, basis: str, note: str) -> tuple[str, str]:
    """What the representative of an entry is to the patient, empty if there is none, and the rest of the note."""
    if basis != Basis.REPRESENTATIVE and access not in _OF_REPRESENTATIVES:
        return "", note
    relation, _, text = note.partition(": ")
    return relation, text


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a clinic's records are kept, counted from their last amendment."""

    hot_years: int = 3
    """Years in the database; after that they may be archived."""
    kept_years: int | None = None
    """Years in total; after that they may be destroyed. None: they are kept for ever."""

    def archived_before(self, now: datetime) -> datetime:
        """Records that were last amended before this instant may be archived."""
        return _years_before(now, self.hot_years)


def _years_before(now: datetime, years: int) -> datetime:
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - years, day=28)
