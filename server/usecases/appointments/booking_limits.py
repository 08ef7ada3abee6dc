"""How many appointments and holds a patient and an account may have, read under the locks of a booking."""

from dataclasses import dataclass
from datetime import datetime

from db.postgres.booking import booked_patients, held
from db.postgres.cluster.engines import Connection, Sent
from server.domain.booking.move_offers import check_alternatives
from server.domain.booking.policies import Policy, check_holds, check_open_limit


@dataclass(slots=True)
class BookingLimits:
    """The limits for a booking or a hold, over all attempts of its transaction; where none applies it sends nothing."""

    account_id: str
    patient_id: str
    hold: bool
    offer: str = ""
    """Who holds it, if it is held for an offer: it counts with what is held for that offer, and with nothing else."""
    _policy: Policy | None = None
    _ahead: Sent[tuple[int, int]] | None = None
    _held: Sent[tuple[int]] | None = None

    async def send(self, pg: Connection, clinic_id: str, policy: Policy, now: datetime, *, for_others: bool) -> None:
        """Ask what there is already; the patient must be locked, and for a hold the account is locked here."""
        self._policy = None if for_others else policy
        self._ahead = self._held = None
        if self.hold or (not for_others and policy.max_open_appointments):
            self._ahead = await booked_patients.ahead(pg, self.patient_id, clinic_id, now)
        if self.hold:
            self._held = await held.count_of(pg, self.account_id, now)
        elif self.offer:
            self._held = await held.count_of(pg, self.offer, now)

    async def check(self, appointments: int = 1) -> None:
        """Wait for the answers; whether so many more may be booked (OPEN_LIMIT_REACHED, TOO_MANY_HOLDS)."""
        found = await self._ahead.fetchone() if self._ahead else None
        of_account = await self._held.fetchone() if self._held else None
        if found and self._policy:
            check_open_limit(self._policy, found[0] + appointments - 1)
        if found and of_account:
            check_holds(found[1], of_account[0])
        if self.offer and of_account:
            check_alternatives(of_account[0])
