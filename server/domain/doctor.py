"""Doctors and clinics, as far as rules about time need them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from server.domain.hours import HoursVersion
from server.domain.policies import Policy
from server.domain.slots import Period, Slot, slots_on

DoctorDay = tuple[str, date]
"""(doctor_id, date): what has a revision. Tuples, so that they sort in lock order."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """One practitioner at one clinic, with the hours worked there."""

    id: str
    practitioner_id: str
    clinic_id: str
    zone: ZoneInfo
    policy: Policy
    hours: Sequence[HoursVersion]
    active: bool

    def slots_on(self, day: date) -> list[Slot]:
        """All slots that the doctor's working hours give on a day, by start; none if inactive."""
        return slots_on(self.hours, self.zone, day, self.policy.buffer) if self.active else []


def days_touched(doctors: Iterable[Doctor], period: Period) -> set[DoctorDay]:
    """The days of these doctors that have a slot in the period, so that its being busy changes what they show."""
    touched = set()
    for doctor in doctors:
        # A session over midnight and the buffer after its last slot reach into the next day, and further.
        day = (period.start_at - doctor.policy.buffer).astimezone(doctor.zone).date() - timedelta(days=1)
        while day <= period.end_at.astimezone(doctor.zone).date():
            if any(slot.occupied.overlaps(period) for slot in doctor.slots_on(day)):
                touched.add((doctor.id, day))
            day += timedelta(days=1)
    return touched
