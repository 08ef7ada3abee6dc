"""Which slots of a doctor are free on a day."""

from datetime import date

from server.domain.errors import DomainError, Reason
from server.domain.identity import Action, Caller, Owner, require
from server.usecases.schedules.live.days import Days


class Availability:
    """Lists free slots."""

    def __init__(self, days: Days) -> None:
        self._days = days

    async def list_slots(self, caller: Caller, doctor_id: str, day: date, min_revision: int) -> bytes:
        """The free slots of a doctor on a day, as the bytes of the answer.

        Raises DOCTOR_NOT_FOUND, NOT_ALLOWED, REVISION_NOT_REACHED.
        """
        key = (doctor_id, day)
        found = self._days.at_hand(key, min_revision) or await self._days.get(key, min_revision)
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=found.clinic_id))
        if found.revision < min_revision:
            raise DomainError(
                Reason.REVISION_NOT_REACHED,
                f"the day is at revision {found.revision}: check that min_revision belongs to this day, or omit it",
                metadata={"revision": str(found.revision)},
            )
        return found.free
