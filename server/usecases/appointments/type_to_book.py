"""The type of appointment that a booking asks for: what it needs beside the doctor's time, read under the locks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from db.postgres.booking import appointment_types, booked_patients, days, resources
from db.postgres.booking.appointment_types import UsedTypeRow
from db.postgres.cluster.engines import Connection, Sent
from server.domain.booking.appointment_types import AppointmentType, Audience, check_eligible, check_type
from server.domain.booking.resources import Resource, choose
from server.domain.booking.slots import Period
from server.usecases.idempotency import Claim
from server.usecases.schedules.appointment_types import type_of


@dataclass(slots=True)
class TypeToBook:
    """A type, over all attempts of a transaction; with an empty `type_id` it asks for nothing and sends nothing."""

    type_id: str
    found: AppointmentType | None = None
    chosen: Sequence[Resource] = field(default_factory=list)
    """The resources that the appointment is to occupy."""
    _lapsed: list[str] = field(default_factory=list)
    _was_here: Sent[tuple[bool]] | None = None
    _in_use: Sent[UsedTypeRow] | None = None

    @property
    def resources(self) -> Sequence[tuple[str, str, str]] | None:
        """What it is to occupy, as AppointmentRow shows it."""
        rows = sorted((each.kind, each.name, each.id) for each in self.chosen)
        return [(resource_id, kind, name) for kind, name, resource_id in rows] or None

    async def read(self, pg: Connection, claim: Claim | None = None) -> None:
        """Read the type, in a round trip of its own: its length says which days to lock.

        It takes no lock: who books a type while it is being changed has booked before that.
        """
        if self.type_id:
            sent = await appointment_types.get(pg, self.type_id, days.NOTHING_BUSY)
            if claim:
                await claim.wait_or_answer()
            self.found = type_of(await sent.fetchone())

    def at(self, clinic_id: str) -> AppointmentType | None:
        """The type, None for a plain visit (APPOINTMENT_TYPE_NOT_FOUND, APPOINTMENT_TYPE_NOT_OFFERED)."""
        return check_type(self.found, self.type_id, clinic_id) if self.type_id else None

    async def send(self, pg: Connection, patient_id: str, period: Period, *, for_others: bool) -> None:
        """Lock the resources, and ask who may book the type and what is free; the patient must be locked already."""
        self._was_here = self._in_use = None
        if self.found and self.found.audience is not Audience.ALL and not for_others:
            self._was_here = await booked_patients.was_here(pg, patient_id, self.found.clinic_id)
        if self.found and self.found.kinds:
            await resources.lock_kinds(pg, self.found.clinic_id, self.found.kinds)
            self._in_use = await appointment_types.get(pg, self.type_id, days.period(*period))

    async def check(self, *, for_others: bool) -> None:
        """Wait for who may book it (APPOINTMENT_TYPE_NOT_OFFERED)."""
        if self.found:
            answer = await self._was_here.fetchone() if self._was_here else None
            check_eligible(self.found, was_here=bool(answer and answer[0]), for_others=for_others)

    async def choose(
        self, appointment_id: str, period: Period, now: datetime, given_up: frozenset[str] = frozenset()
    ) -> None:
        """Wait for what is free, and choose one resource of each kind (RESOURCE_TAKEN); `given_up` holds give way."""
        self.choose_from(await self.in_use(given_up, now), appointment_id, period, now)

    async def in_use(self, given_up: frozenset[str], now: datetime) -> AppointmentType | None:
        """Wait for what occupies its resources, `given_up` holds as if they had run out; None if it needs none."""
        found = type_of(await self._in_use.fetchone()) if self._in_use else None
        if found and given_up:
            return replace(found, resources=[each.given_up(given_up, now) for each in found.resources])
        return found

    def choose_from(self, in_use: AppointmentType | None, appointment_id: str, period: Period, now: datetime) -> None:
        """Choose one resource of each kind (RESOURCE_TAKEN)."""
        if self.found and in_use:
            self.chosen = choose(in_use.resources, self.found.kinds, period, now, appointment_id)
            self._lapsed = [lapsed for each in self.chosen for lapsed in each.lapsed(period, now)]

    async def take(self, pg: Connection, appointment_id: str) -> None:
        """Let the appointment, which is stored already, occupy what was chosen and nothing else."""
        await resources.take(pg, appointment_id, [each.id for each in self.chosen], self._lapsed)
