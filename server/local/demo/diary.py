"""The appointments of a hospital, week by week, as bookings and cancellations would have left them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random

from db.postgres.booking.days import period
from db.postgres.bulk import AppointmentCopy, DayCopy, EventCopy
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.slots import Slot
from server.domain.booking.wall_time import utc_offset_minutes
from server.domain.ids import uuid7_maker
from server.local.demo.plan import HospitalPlan
from server.local.demo.staff import Post
from server.local.demo.visits import CALLED_OFF, REASONS, VERSIONS, Fate, fate

_MORNING, _AFTERNOON = 1.6, 0.8
_BOOKED_AGAIN = 0.4
"""The probability that a cancelled seat is booked again."""


@dataclass(slots=True)
class Week:
    """The rows of a week, grouped by doctor and day."""

    appointments: list[AppointmentCopy] = field(default_factory=list)
    events: list[EventCopy] = field(default_factory=list)
    days: list[DayCopy] = field(default_factory=list)


class Diary:
    """Makes the appointments of a plan."""

    def __init__(
        self,
        plan: HospitalPlan,
        posts: Sequence[Post],
        patients: Mapping[str, Sequence[str]],
        actors: Sequence[str],
        random: Random,
    ) -> None:
        """`patients` maps time zones to the patients of their clinics; `actors` are the accounts that book for them."""
        self._plan = plan
        self._posts = posts
        self._patients = patients
        self._actors = actors
        self._random = random
        self._booked_at = plan.now
        self._new_id = uuid7_maker(lambda: self._booked_at, random.randbytes)
        self._out: dict[str, set[str]] = {}

    def weeks(self) -> Iterator[Week]:
        """The rows of each week that has any."""
        for _, days in groupby(self._plan.targets(), key=lambda target: target[0].isocalendar()[:2]):
            week = Week()
            for day, target in days:
                self._fill(week, day, target)
            yield week

    def _fill(self, week: Week, day: date, target: int) -> None:
        self._out = {zone: set() for zone in self._patients}
        rows: defaultdict[str, list[AppointmentCopy]] = defaultdict(list)
        seats: defaultdict[tuple[str, datetime], int] = defaultdict(int)
        for post, slot in self._demand(day):
            seats[post.doctor.id, slot.start_at] += 1
            made = self._bookings(post, slot, seats[post.doctor.id, slot.start_at], target)
            rows[post.doctor.id] += made
            target -= len(made)
            if target <= 0:
                break
        for doctor_id in sorted(rows):
            if rows[doctor_id]:
                self._close(week, doctor_id, day, rows[doctor_id])

    def _demand(self, day: date) -> list[tuple[Post, Slot]]:
        """The seats of a day in the order in which they are asked for."""
        ranked = [
            (self._random.expovariate(post.popularity * _eagerness(slot)), post, slot)
            for post in self._posts
            for slot in post.doctor.slots_on(day)
            for _ in range(slot.seats)
        ]
        ranked.sort(key=lambda each: each[0])
        return [(post, slot) for _, post, slot in ranked]

    def _bookings(self, post: Post, slot: Slot, seat: int, most: int) -> list[AppointmentCopy]:
        """The successive bookings of a seat: all but the last were cancelled."""
        found: list[AppointmentCopy] = []
        earliest = slot.start_at - timedelta(days=self._plan.horizon_days)
        while len(found) < most and (patient_id := self._patient(post.doctor.zone.key)):
            drawn = fate(slot, post.doctor.policy, self._plan.now, earliest, self._random)
            if drawn is None:
                break
            found.append(self._row(post, slot, seat, patient_id, drawn))
            if drawn.status is not AppointmentStatus.CANCELLED or self._random.random() > _BOOKED_AGAIN:
                break
            earliest = drawn.changed_at
        return found

    def _patient(self, zone: str) -> str | None:
        """A patient who has no appointment on that day yet."""
        patients, out = self._patients[zone], self._out[zone]
        while len(out) < len(patients):
            patient_id = self._random.choice(patients)
            if patient_id not in out:
                out.add(patient_id)
                return patient_id
        return None

    def _row(self, post: Post, slot: Slot, seat: int, patient_id: str, drawn: Fate) -> AppointmentCopy:
        self._booked_at = drawn.booked_at
        return AppointmentCopy(
            id=self._new_id(),
            doctor_id=post.doctor.id,
            practitioner_id=post.doctor.practitioner_id,
            clinic_id=post.doctor.clinic_id,
            patient_id=patient_id,
            date=slot.date,
            start_at=slot.start_at,
            end_at=slot.end_at,
            during=period(slot.start_at, slot.occupied.end_at),
            seat=seat,
            utc_offset_minutes=utc_offset_minutes(slot.start_at, post.doctor.zone),
            status=drawn.status,
            reason=self._random.choice(REASONS[post.specialty]),
            version=VERSIONS[drawn.status],
            created_at=drawn.booked_at,
            updated_at=drawn.changed_at,
        )

    def _close(self, week: Week, doctor_id: str, day: date, rows: list[AppointmentCopy]) -> None:
        """Add a doctor's day, with its history and the resulting revision."""
        events = []
        for row in rows:
            events.append(EventCopy(row.id, row.created_at, self._random.choice(self._actors), "booked", ""))
            if row.status == AppointmentStatus.CANCELLED:
                note = self._random.choice(CALLED_OFF)
                events.append(EventCopy(row.id, row.updated_at, self._random.choice(self._actors), "cancelled", note))
        week.appointments += sorted(rows, key=lambda row: row.start_at)
        week.events += events
        week.days.append(DayCopy(doctor_id, day, len(events), max(event.happened_at for event in events)))


def _eagerness(slot: Slot) -> float:
    return _MORNING if slot.time_slot < "12:00" else _AFTERNOON
