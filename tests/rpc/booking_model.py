"""A simple model of booking: what must happen, without a database."""

from dataclasses import dataclass

DAYS = ["2026-03-03", "2026-03-04", "2026-03-05"]  # the clock shows 09:00 of the day before, and stays there


MAX_PER_DAY = 2


HORIZON_DAYS = 2


NOTICE = 24 * 60 + 20
"""Too short for the first slot of the first day; the last day is beyond the horizon."""


PATIENTS = 6


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

    def overlaps(self, other: "ModelAppointment") -> bool:
        return self.day == other.day and bool(set(self.minutes) & set(other.minutes))

    @property
    def minutes(self) -> range:
        return range(minutes_of(self.slot), minutes_of(self.slot) + self.length)

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

    def refusal(
        self, wanted: ModelAppointment, moving: str = "", *, override: bool = False, by_patient: bool = False
    ) -> str:
        """Why an appointment cannot be; empty if it can."""
        if wanted.slot not in self.hours[wanted.doctor].grid:
            return "SLOT_NOT_OFFERED"
        if moving and not self.booked[moving].active:
            return "STATUS_FORBIDS"
        if moving and self.booked[moving].place == wanted.place:
            return ""
        if by_patient and wanted.is_closed_to_patients:
            return wanted.is_closed_to_patients
        others = [each for key, each in self.booked.items() if key != moving and each.active]
        if not self._left(wanted, others) and not override:
            return "SLOT_TAKEN"
        return self._refusal_of_patient(wanted, others)

    def _refusal_of_patient(self, wanted: ModelAppointment, others: list[ModelAppointment]) -> str:
        mine = [each for each in others if each.patient == wanted.patient]
        if any(each.overlaps(wanted) for each in mine):
            return "PATIENT_BUSY"
        if sum(each.day == wanted.day for each in mine) >= MAX_PER_DAY:
            return "DAILY_LIMIT_REACHED"
        return ""

    def free(self, doctor: int, day: int) -> list[tuple[str, int]]:
        """(slot, seats left) of a day."""
        active = [each for each in self.booked.values() if each.active]
        slots = [ModelAppointment(0, doctor, day, slot, self.hours[doctor].minutes) for slot in self.hours[doctor].grid]
        left = {slot.slot: 0 if slot.is_closed_to_patients else self._left(slot, active) for slot in slots}
        return [(slot, seats) for slot, seats in left.items() if seats]

    def _left(self, slot: ModelAppointment, others: list[ModelAppointment]) -> int:
        """The seats that are left in the fullest minute."""
        there = [each.minutes for each in others if (each.doctor, each.day) == (slot.doctor, slot.day)]
        heads = max(sum(minute in each for each in there) for minute in slot.minutes)
        return max(self.hours[slot.doctor].capacity - heads, 0)
