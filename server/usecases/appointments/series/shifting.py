"""How the dates of a series move: each by the same days, and the same minutes of the clinic's wall clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.days import BusyRow
from db.postgres.booking.feed import AppointmentChange
from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.doctor import DoctorDay
from server.domain.booking.seating import Busy, Visit
from server.domain.booking.slots import Slot
from server.domain.errors import DomainError
from server.domain.identity import Caller
from server.domain.rights import Action, acts_for_others
from server.usecases.appointments import history
from server.usecases.appointments.changeable import Changeable, owner_of
from server.usecases.appointments.series.occurrences import Occurrence, planned
from server.usecases.schedules.doctor_mapping import busy_at

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class SeriesMove:
    """Where an appointment of a series moves to; those that follow it move just as far."""

    from_id: str
    day: date
    time_slot: str
    """HH:MM on the clinic's wall clock."""
    override_reason: str
    skip_refused: bool
    """Move the others if some dates are refused; else all or nothing."""
    validate_only: bool


@dataclass(frozen=True, slots=True)
class SeriesStep:
    """An appointment of a series, and the date that it moves to; `to.row` shows it once it has moved."""

    found: Changeable
    to: Occurrence

    @property
    def row(self) -> AppointmentRow:
        """The appointment before the move."""
        return self.found.row

    @property
    def is_there_already(self) -> bool:
        """Whether the move leads to where it is."""
        return self.to.slot.start_at == self.row.start_at

    def days(self) -> set[DoctorDay]:
        """The days whose slots it occupies before and after the move."""
        after = self.found.practitioner.days(self.row.doctor_id, self.to.date, self.to.slot.occupied)
        return self.found.days() | after

    def change(self, caller: Caller, override_reason: str) -> AppointmentChange:
        """What its history says of the move."""
        reason = override_reason if self.to.seat.is_extra or self.to.waived else ""
        note = ", ".join(filter(None, (f"from {self.row.start_at:%Y-%m-%dT%H:%M:%SZ}", self.to.waived, reason)))
        return history.change_by(caller, self.row.patient_id, self.row.id, "rescheduled", note)


def steps_of(
    found: Sequence[Changeable], move: SeriesMove, of_type: AppointmentType | None, caller: Caller, now: datetime
) -> list[SeriesStep]:
    """The new date of each, the refused ones with the reason. `found` is by start."""
    first = found[0].row
    by_days, by_minutes = move.day - first.date, _minutes(move.time_slot) - _minutes(_wall(first))

    def step(each: Changeable) -> SeriesStep:
        minutes = (_minutes(_wall(each.row)) + by_minutes) % _DAY
        day, time_slot = each.row.date + by_days, f"{minutes // 60:02}:{minutes % 60:02}"
        for_others = acts_for_others(caller, Action.CHANGE_APPOINTMENT, owner_of(each.row))
        doctor = each.practitioner.doctor(each.row.doctor_id)
        to = planned(doctor, day, time_slot, of_type, now, for_others=for_others)
        try:
            each.check_in_time(caller, now)
        except DomainError as error:
            to.refusal = error
        return SeriesStep(each, to)

    return [step(each) for each in found]


def in_order(steps: Sequence[SeriesStep]) -> Sequence[SeriesStep]:
    """In the order in which each finds its new place left by the others; `steps` are by start."""
    is_later = bool(steps) and steps[0].to.slot.start_at > steps[0].row.start_at
    return steps[::-1] if is_later else steps


class SeriesPlaces:
    """What occupies the doctors, the patient and the resources, while appointments of the series move one by one."""

    def __init__(self, in_use: AppointmentType | None, visits: Sequence[Visit]) -> None:
        self.in_use = in_use
        self.visits = visits
        self._busy: dict[str, Busy] = {}

    def busy(self, rows: Sequence[BusyRow], slot: Slot) -> list[Busy]:
        """What conflicts with a slot: of those that have moved, their new places."""
        moved = [each for each in self._busy.values() if each.overlaps(slot.occupied)]
        return [each for each in busy_at(rows, slot) if each.appointment_id not in self._busy] + moved

    def move(self, step: SeriesStep) -> None:
        """Note the place that an appointment has taken."""
        row, to = step.row, step.to
        where = (row.id, row.doctor_id)
        self._busy[row.id] = Busy(*where, to.date, to.seat.number, *to.slot.occupied, held_until=None)
        visit = Visit(*where, row.clinic_id, to.date, *to.slot.visit, held_until=None)
        self.visits = [*(each for each in self.visits if each.appointment_id != row.id), visit]
        if self.in_use:
            left = [
                replace(each, occupied=[other for other in each.occupied if other.appointment_id != row.id])
                for each in self.in_use.resources
            ]
            self.in_use = replace(self.in_use, resources=left)


def _wall(row: AppointmentRow) -> str:
    return f"{row.start_at.astimezone(ZoneInfo(row.time_zone)):%H:%M}"


def _minutes(time_slot: str) -> int:
    hour, minute = time_slot.split(":")
    return int(hour) * 60 + int(minute)
