"""Draws the calls of a day: who asks for what, and when."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

_SHARES = {"slots": 0.60, "list": 0.25, "create": 0.10, "cancel": 0.05}
# Working days, half as many of a week later. The day after tomorrow is one in every zone, and none of its slots is too
# near to book or to cancel.
_FIRST_DAY, _LAST_DAY = 2, 28
_HALF_LIFE_DAYS = 7
_WEEKDAYS = 5
_MOST_OFFERS = 8


@dataclass
class Session:
    """Somebody who is signed in."""

    token: str
    staff: bool
    patient_ids: Sequence[str]
    """For whom they book: themselves, or a clinic's patients."""
    doctor_ids: Sequence[str]
    """Whom they look at."""

    @property
    def head(self) -> str:
        """The headers of every request."""
        return f"host: bench\r\nauthorization: Bearer {self.token}\r\n"


class Request(NamedTuple):
    """A call: by whom, the bytes to send, and who wants to know the body of its answer."""

    kind: str
    session: int
    content: bytes
    done: Callable[[bytes], None]


@dataclass
class Crowd:
    """All sessions; what they saw is what they book, and what they booked is what they cancel."""

    sessions: Sequence[Session]
    chance: random.Random
    _offers: list[tuple[int, str, date, str]] = field(default_factory=list)
    _made: list[tuple[int, str]] = field(default_factory=list)
    booked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        today = datetime.now(UTC).date()
        ahead = (today + timedelta(days=number) for number in range(_FIRST_DAY, _LAST_DAY + 1))
        self._days = [day for day in ahead if day.isoweekday() <= _WEEKDAYS]
        self._weights = [2 ** -((day - today).days / _HALF_LIFE_DAYS) for day in self._days]
        self._draw = {"slots": self._slots, "list": self._list, "create": self._create, "cancel": self._cancel}

    def next(self) -> Request:
        """Draw a call."""
        [kind] = self.chance.choices([*_SHARES], [*_SHARES.values()])
        # At the very beginning nobody has seen a free slot, or booked one.
        if (kind == "create" and not self._offers) or (kind == "cancel" and not self._made):
            kind = "slots"
        return self._draw[kind]()

    def _slots(self) -> Request:
        number = self.chance.randrange(len(self.sessions))
        doctor_id, day = self.chance.choice(self.sessions[number].doctor_ids), self._day()

        def done(body: bytes) -> None:
            # Reading an answer costs more than sending its question: as few are read as bookings need.
            if len(self._offers) < _MOST_OFFERS and (slots := json.loads(body).get("slots")):
                self._offers.append((number, doctor_id, day, self.chance.choice(slots)["time_slot"]))

        path = f"/api/schedules/available-slots?doctor_id={doctor_id}&date={day}"
        return Request("slots", number, self._get(number, path), done)

    def _list(self) -> Request:
        number = self.chance.randrange(len(self.sessions))
        session = self.sessions[number]
        if session.staff:
            whose = f"doctor_id={self.chance.choice(session.doctor_ids)}&date={self._day()}"
        else:
            whose = f"patient_id={session.patient_ids[0]}&sort=appointment_date,desc"
        return Request("list", number, self._get(number, f"/api/appointments?size=20&{whose}"), lambda _: None)

    def _create(self) -> Request:
        number, doctor_id, day, time_slot = self._offers.pop()
        body = {
            "patient_id": self.chance.choice(self.sessions[number].patient_ids),
            "doctor_id": doctor_id,
            "date": f"{day}",
            "time_slot": time_slot,
            "reason": "Cough for two weeks",
            "request_id": self._uuid(),
        }

        def done(answer: bytes) -> None:
            appointment_id = json.loads(answer)["appointment"]["id"]
            self._made.append((number, appointment_id))
            self.booked.append(appointment_id)

        return Request("create", number, self._post(number, "/api/appointments", body), done)

    def _cancel(self) -> Request:
        place = self.chance.randrange(len(self._made))
        self._made[place], self._made[-1] = self._made[-1], self._made[place]
        number, appointment_id = self._made.pop()
        body = {"request_id": self._uuid(), "reason": "Cannot come"}
        content = self._post(number, f"/api/appointments/{appointment_id}:cancel", body)
        return Request("cancel", number, content, lambda _: self.cancelled.append(appointment_id))

    def _get(self, number: int, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\n{self.sessions[number].head}\r\n".encode()

    def _post(self, number: int, path: str, values: dict[str, str]) -> bytes:
        body, head = json.dumps(values), self.sessions[number].head
        more = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        return f"POST {path} HTTP/1.1\r\n{head}{more}\r\n{body}".encode()

    def _day(self) -> date:
        return self.chance.choices(self._days, self._weights)[0]

    def _uuid(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))
