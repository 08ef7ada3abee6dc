"""The clinics of the demo's hospital group, and the doctors who work there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from random import Random
from zoneinfo import ZoneInfo

from server.domain.booking.doctor import Doctor
from server.domain.booking.hours import HoursVersion, Session
from server.domain.booking.policies import Policy
from server.domain.ids import IdMaker
from server.local.demo.names import JAPAN, UNITED_KINGDOM, UNITED_STATES, Country
from server.local.demo.plan import HospitalPlan

_WEEK = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """A clinic and its booking policy."""

    id: str
    name: str
    country: Country
    zone: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Post:
    """A doctor's work at a clinic."""

    doctor: Doctor
    name: str
    specialty: str
    popularity: float
    """The demand for the doctor's slots relative to others'."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    weekdays: Sequence[int]
    sessions: Sequence[tuple[time, time]]
    slot_minutes: int
    capacity: int = 1

    def week(self, weekdays: Sequence[int]) -> list[Session]:
        return [
            Session(day, start, end, self.slot_minutes, self.capacity)
            for day in self.weekdays
            if day in weekdays
            for start, end in self.sessions
        ]


# The two clinics of a city are three apart in this list. The last value is the buffer in minutes.
_CLINICS = (
    ("Sumida Hospital", JAPAN, "Asia/Tokyo", 0),
    ("Harbor Street Hospital", UNITED_STATES, "America/New_York", 0),
    ("Southbank Hospital", UNITED_KINGDOM, "Europe/London", 0),
    ("Setagaya Outpatient Center", JAPAN, "Asia/Tokyo", 0),
    ("Prospect Outpatient Center", UNITED_STATES, "America/New_York", 0),
    ("Camden Outpatient Center", UNITED_KINGDOM, "Europe/London", 5),
)
CLINICS = len(_CLINICS)
"""How many clinics the group has."""
_PATTERNS = (
    _Pattern(_WEEK, ((time(9), time(12, 30)), (time(14), time(18))), 30),
    _Pattern((1, 2, 4, 5), ((time(8, 30), time(12, 30)), (time(13, 30), time(17))), 20),
    _Pattern(_WEEK, ((time(9), time(12)), (time(15), time(18, 30))), 15),
    _Pattern(_WEEK, ((time(10), time(13)), (time(14), time(16))), 30),
    _Pattern((1, 3, 5), ((time(9), time(12)), (time(13), time(16))), 30, capacity=3),
)
_SPECIALTIES = (
    "General practice", "Pediatrics", "Cardiology", "Dermatology", "General practice", "Orthopedics", "Ophthalmology",
)  # fmt: skip
_IN_DEMAND = 9.0
_POPULARITY = (0.5, 0.8, 1.0, 1.0, 1.3, 2.0)
# Each of these doctors is the same person as the one three before, and works half the week at the other clinic of
# the city.
_SHARED = range(9, 12)
_HALVES = ((1, 2, 3), (4, 5))


def clinics(plan: HospitalPlan, new_id: IdMaker) -> list[DemoClinic]:
    """The clinics of the group."""
    return [
        DemoClinic(
            new_id(),
            name,
            country,
            zone,
            Policy(
                horizon_days=plan.horizon_days,
                min_notice_minutes=30,
                cancel_by_minutes=60,
                max_per_patient_day=3,
                buffer_minutes=buffer,
                max_open_appointments=50,
            ),
        )
        for name, country, zone, buffer in _CLINICS
    ]


def posts(plan: HospitalPlan, places: Sequence[DemoClinic], new_id: IdMaker, random: Random) -> Iterator[Post]:
    """The doctors, alternating between the clinics; the first one is in great demand."""
    first_halves: dict[int, Post] = {}
    for number in range(plan.doctors):
        clinic = places[number % len(places)]
        other = first_halves.get(number - len(places) // 2)
        post = Post(
            Doctor(
                id=new_id(),
                practitioner_id=other.doctor.practitioner_id if other else new_id(),
                clinic_id=clinic.id,
                zone=ZoneInfo(clinic.zone),
                policy=clinic.policy,
                hours=[HoursVersion(plan.first_day, _week(number))],
                active=True,
            ),
            name=other.name if other else clinic.country.name(random),
            specialty=other.specialty if other else _SPECIALTIES[number % len(_SPECIALTIES)],
            popularity=random.choice(_POPULARITY) if number else _IN_DEMAND,
        )
        if number + len(places) // 2 in _SHARED:
            first_halves[number] = post
        yield post


def _week(number: int) -> list[Session]:
    half = CLINICS // 2
    if number in _SHARED or number + half in _SHARED:
        return _PATTERNS[0].week(_HALVES[number in _SHARED])
    return _PATTERNS[number % len(_PATTERNS)].week(_WEEK)
