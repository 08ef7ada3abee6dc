"""What becomes of the appointments that time off or new hours leave outside: kept, cancelled, or offered a move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from db.postgres.booking import appointments, move_offers
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.slots import Period
from server.domain.booking.time_off import TimeOffAction, is_cancelled, is_offered_a_move
from server.domain.ids import IdMaker
from server.usecases.appointments.day_locks import PractitionerSchedule


class Affected(Protocol):
    """An appointment that is left outside."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def start_at(self) -> datetime:
        """Its start."""

    @property
    def busy_until(self) -> datetime:
        """The end of the buffer after it."""

    @property
    def status(self) -> str:
        """Its status."""

    @property
    def patient_id(self) -> str:
        """Whose it is."""


A = TypeVar("A", bound=Affected)


@dataclass(frozen=True, slots=True)
class Choices:
    """What to do with the appointments: one action for all but the exceptions, which are by appointment."""

    action: TimeOffAction = TimeOffAction.KEEP
    exceptions: Mapping[str, TimeOffAction] = field(default_factory=dict)

    def cancelled(self, rows: Sequence[A]) -> list[A]:
        """Those to cancel."""
        return [row for row in rows if is_cancelled(self._action(row), row.status)]

    def offered(self, rows: Sequence[A]) -> list[A]:
        """Those whose patients are to be offered a move."""
        return [row for row in rows if is_offered_a_move(self._action(row), row.status)]

    def _action(self, row: Affected) -> TimeOffAction:
        return self.exceptions.get(row.id, self.action)


def days_freed(practitioner: PractitionerSchedule, doctor_id: str, cancelled: Sequence[Affected]) -> set[DoctorDay]:
    """The days on which cancellations free the practitioner, at other clinics too."""
    zone = practitioner.doctor(doctor_id).zone
    freed: set[DoctorDay] = set()
    for row in cancelled:
        day = row.start_at.astimezone(zone).date()
        freed |= practitioner.days(doctor_id, day, Period(row.start_at, row.busy_until))
    return freed


async def cancel(
    pg: Connection, cancelled: Sequence[Affected], actor: str, note: str, now: datetime
) -> list[AppointmentChange]:
    """Cancel appointments, and let holds expire, of which nobody was told; the changes, to be recorded last."""
    held, told = (
        [each.id for each in cancelled if (each.status == AppointmentStatus.HELD) is one] for one in (True, False)
    )
    await appointments.set_status(pg, held, AppointmentStatus.EXPIRED, now)
    await appointments.set_status(pg, told, AppointmentStatus.CANCELLED, now)
    return [
        AppointmentChange(each.id, "expired" if each.status == AppointmentStatus.HELD else "cancelled", actor, note)
        for each in cancelled
    ]


async def offer_moves(
    pg: Connection,
    offered: Sequence[Affected],
    new_id: IdMaker,
    now: datetime,
    *,
    time_off_id: str | None = None,
    back_at: datetime | None = None,
) -> None:
    """Offer moves, for which a worker will hold alternatives; `back_at` is when the doctor is back, if known."""
    if offered:
        await move_offers.add(pg, [(new_id(), each.id) for each in offered], time_off_id, back_at, now)
