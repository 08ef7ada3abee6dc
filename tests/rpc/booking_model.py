"""A simple model of booking: what must happen, without a database."""

from dataclasses import dataclass

DAYS = ["2026-03-03", "2026-03-04", "2026-03-10"]
"""The clock shows 09:00 of the day before, and stays there. A weekly series from the first day comes to the last."""


MAX_PER_DAY = 2


HORIZON_DAYS = 2


NOTICE = 24 * 60 + 20
"""Too short for the first slot of the first day; the last day is beyond the horizon."""


PATIENTS = 6


HOLDS = 2
"""How many slots a patient holds at once."""


@dataclass(frozen=True)
class Kind:
    """A type of appointment, in minutes; one that needs the clinic's only room waits for it."""

    length: int
    buffer: int
    needs_room: bool


KINDS = [Kind(60, 0, needs_room=False), Kind(30, 15, needs_room=True), Kind(60, 0, needs_room=True)]


Place = tuple[int, int, int]
"""An index each for doctor, day and slot."""


def minutes_of(slot: str) -> int:
    hour, minute = slot.split(":")
    return int(hour) * 60 + int(minute)


def clock_time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True)
class Hours:
    """What a doctor works on every day: from and until, in minutes of the day, and how many fit into a slot."""

    start: int
    end: int
    minutes: int
    capacity: int

    @property
    def grid(self) -> list[str]:
        return [clock_time(start) for start in range(self.start, self.end - self.minutes + 1, self.minutes)]

    def starts(self, kind: Kind | None, off: range) -> list[str]:
        """The slots with which a visit of a type can begin; without one, all. None overlaps time off."""
        grid = [slot for slot in self.grid if not set(off) & set(self._slot(slot))]
        offered = {minute for slot in grid for minute in self._slot(slot)}
        length = kind.length if kind else self.minutes
        return [slot for slot in grid if {*range(minutes_of(slot), minutes_of(slot) + length)} <= offered]

    def _slot(self, slot: str) -> range:
        return range(minutes_of(slot), minutes_of(slot) + self.minutes)


# Grids that lie across each other, and fewer seats than there were: changing hours leaves patients in parts of slots,
# and more of them than fit in.
HOURS = [Hours(540, 600, 30, 2), Hours(540, 600, 30, 1), Hours(540, 600, 60, 2), Hours(555, 615, 30, 1)]


@dataclass
class ModelAppointment:
    """An appointment of the model; an index each for patient, doctor and day."""

    patient: int
    doctor: int
    day: int
    slot: str
    length: int
    active: bool = True
    version: int = 1
    kind: Kind | None = None
    held: bool = False
    series: str = ""

    def overlaps(self, other: "ModelAppointment") -> bool:
        return self.day == other.day and bool(set(self.minutes) & set(other.minutes))

    @property
    def minutes(self) -> range:
        return range(minutes_of(self.slot), minutes_of(self.slot) + self.length)

    @property
    def occupied(self) -> range:
        """The minutes of the doctor, and of the room if it needs that."""
        buffer = self.kind.buffer if self.kind else 0
        return range(self.minutes.start, self.minutes.stop + buffer)

    @property
    def is_closed_to_patients(self) -> str:
        """Why a patient cannot book it, whoever sits there; empty if nothing forbids it."""
        if self.day == 0 and minutes_of(self.slot) < 9 * 60 + NOTICE - 24 * 60:
            return "TOO_SHORT_NOTICE"
        return "BEYOND_HORIZON" if self.day == HORIZON_DAYS else ""

    @property
    def place(self) -> tuple[int, int, str, int]:
        return self.doctor, self.day, self.slot, self.length


class Model:
    """What must happen, without a database."""

    def __init__(self) -> None:
        self.booked: dict[str, ModelAppointment] = {}
        self.hours = [HOURS[0], HOURS[1]]
        self.off: dict[tuple[int, int], range] = {}
        """The time off of a doctor on a day, in minutes of that day."""

    def starts(self, doctor: int, day: int, kind: Kind | None) -> list[str]:
        """The slots of a day with which a visit of a type can begin; without one, all."""
        return self.hours[doctor].starts(kind, self.off.get((doctor, day), range(0)))

    def remaining(self, key: str) -> list[str]:
        """An appointment and those of its series that follow it, by start."""
        first = self.booked[key]
        scheduled = {name: each for name, each in self.booked.items() if each.active and not each.held}
        rest = [name for name, each in scheduled.items() if first.series and each.series == first.series]
        return sorted({key, *(name for name in rest if self.order(name) > self.order(key))}, key=self.order)

    def order(self, key: str) -> tuple[int, int, str]:
        """What sorts the appointments of a series."""
        each = self.booked[key]
        return each.day, minutes_of(each.slot), key

    def refusal(
        self, wanted: ModelAppointment, moving: str = "", *, override: bool = False, by_patient: bool = False
    ) -> str:
        """Why an appointment cannot be; empty if it can."""
        if wanted.slot not in self.starts(wanted.doctor, wanted.day, wanted.kind):
            return "SLOT_NOT_OFFERED"
        if moving and not self.booked[moving].active:
            return "STATUS_FORBIDS"
        if moving and self.booked[moving].place == wanted.place:
            return ""
        if by_patient and wanted.is_closed_to_patients:
            return wanted.is_closed_to_patients
        others = [each for key, each in self.booked.items() if key != moving and each.active]
        holds = [each for each in others if each.patient == wanted.patient and each.held]
        if wanted.held and not moving and len(holds) >= HOLDS:
            return "TOO_MANY_HOLDS"
        taken = "" if override or self._left(wanted, others) else "SLOT_TAKEN"
        return taken or self._refusal_of_patient(wanted, others) or self._refusal_of_room(wanted, others)

    def _refusal_of_room(self, wanted: ModelAppointment, others: list[ModelAppointment]) -> str:
        if wanted.kind and wanted.kind.needs_room and any(_share_a_room(wanted, each) for each in others):
            return "RESOURCE_TAKEN"
        return ""

    def _refusal_of_patient(self, wanted: ModelAppointment, others: list[ModelAppointment]) -> str:
        mine = [each for each in others if each.patient == wanted.patient]
        if any(each.overlaps(wanted) for each in mine):
            return "PATIENT_BUSY"
        if sum(each.day == wanted.day for each in mine) >= MAX_PER_DAY:
            return "DAILY_LIMIT_REACHED"
        return ""

    def free(self, doctor: int, day: int, kind: Kind | None = None) -> list[tuple[str, int]]:
        """(slot, seats left) of a day, for visits of a type if that is given."""
        active = [each for each in self.booked.values() if each.active]
        hours = self.hours[doctor]
        length = kind.length if kind else hours.minutes
        slots = [ModelAppointment(0, doctor, day, slot, length, kind=kind) for slot in self.starts(doctor, day, kind)]
        left = {slot.slot: 0 if slot.is_closed_to_patients else self._left(slot, active) for slot in slots}
        for slot in slots:
            if self._refusal_of_room(slot, active):
                left[slot.slot] = 0
            elif kind and kind.needs_room:
                left[slot.slot] = min(left[slot.slot], 1)
        return [(slot, seats) for slot, seats in left.items() if seats]

    def _left(self, slot: ModelAppointment, others: list[ModelAppointment]) -> int:
        """The seats that are left in the fullest minute."""
        there = [each.occupied for each in others if (each.doctor, each.day) == (slot.doctor, slot.day)]
        heads = max(sum(minute in each for each in there) for minute in slot.occupied)
        return max(self.hours[slot.doctor].capacity - heads, 0)


def _share_a_room(one: ModelAppointment, other: ModelAppointment) -> bool:
    in_room = bool(other.kind and other.kind.needs_room)
    return in_room and one.day == other.day and bool(set(one.occupied) & set(other.occupied))
