"""What becomes of a booking: when it was made, and how it ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.policies import Policy
from server.domain.booking.slots import Slot

REASONS = {
    "General practice": ("Check-up", "Cough for a week", "Blood pressure", "Vaccination", "Headache", "Follow-up"),
    "Pediatrics": ("Fever", "Vaccination", "Growth check", "Ear ache", "Follow-up"),
    "Cardiology": ("ECG", "Palpitations", "Blood pressure", "Follow-up after treatment"),
    "Dermatology": ("Rash", "Mole check", "Eczema", "Follow-up"),
    "Orthopedics": ("Knee pain", "Back pain", "Sports injury", "Plaster check"),
    "Ophthalmology": ("Eye test", "Dry eyes", "Pressure check", "Follow-up"),
}
"""Reasons for a visit, by specialty."""
CALLED_OFF = ("Feels better", "Cannot come", "Other plans", "")
"""Reasons for cancelling."""
VERSIONS = {
    AppointmentStatus.SCHEDULED: 1,
    AppointmentStatus.CANCELLED: 2,
    AppointmentStatus.NO_SHOW: 2,
    AppointmentStatus.COMPLETED: 4,
}
"""The version of a row in each state: it counts how often the row was written."""

_CANCELS, _STAYS_AWAY = 0.09, 0.04
_MEAN_LEAD_SECONDS = 14 * 86_400
_MISSED_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Fate:
    """When a booking was made, its current state, and since when it has been in that state."""

    booked_at: datetime
    status: AppointmentStatus
    changed_at: datetime


def fate(slot: Slot, policy: Policy, now: datetime, earliest: datetime, random: Random) -> Fate | None:
    """Choose at random what becomes of a booking made after `earliest`; None if it is too late to make one."""
    latest = min(now, slot.start_at - policy.notice)
    window = int((latest - earliest).total_seconds())
    if window <= 0:
        return None
    lead = random.expovariate(1 / _MEAN_LEAD_SECONDS)
    booked_at = latest - timedelta(seconds=int(lead if lead < window else random.uniform(0, window)))
    if random.random() < _CANCELS:
        deadline = min(now, slot.start_at - timedelta(minutes=policy.cancel_by_minutes))
        seconds = int((deadline - booked_at).total_seconds())
        if seconds > 0:
            return Fate(
                booked_at, AppointmentStatus.CANCELLED, booked_at + timedelta(seconds=random.randint(1, seconds))
            )
    if slot.start_at >= now:
        return Fate(booked_at, AppointmentStatus.SCHEDULED, booked_at)
    if random.random() < _STAYS_AWAY:
        return Fate(booked_at, AppointmentStatus.NO_SHOW, min(slot.start_at + _MISSED_AFTER, now))
    return Fate(booked_at, AppointmentStatus.COMPLETED, min(slot.end_at, now))
