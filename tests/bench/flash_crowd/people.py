"""A clinic, its desk and the crowd: who they are, and what each of them does over REST."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from server.config import Settings
from server.wiring import wired
from tests.bench.day.connection import Connection
from tests.fixtures.book import Book, Clock

HOST = "127.0.0.1"
_OK = {200, 201}
_DAYS_AHEAD = 7
_MINUTES = 10


@dataclass(frozen=True)
class Clinic:
    """What everybody wants: the slots of some doctors on one day. The tokens are of patients and of the desk."""

    doctor_ids: Sequence[str]
    day: date
    patients: Sequence[tuple[str, str]]
    """The id and the token of each."""
    desk: Sequence[str]


async def made(settings: Settings, *, doctors: int, slots: int, patients: int, desk: int) -> Clinic:
    """A new clinic, where each doctor has so many slots a day."""
    ends = f"{datetime(2020, 1, 1, 9) + timedelta(minutes=_MINUTES * slots):%H:%M}"
    async with wired(settings) as parts:
        book = Book(parts.engine, Clock(datetime.now(UTC)))
        clinic_id = await book.clinic("Etc/UTC")
        doctor_ids = [await book.doctor(clinic_id, [("09:00", ends)], minutes=_MINUTES) for _ in range(doctors)]

        async def token(role: str, **owned: Any) -> str:
            return str(await parts.tokens.issue(await book.account(role, **owned)))

        ids = [await book.patient() for _ in range(patients)]
        crowd = [(each, await token("patient", patient_id=each)) for each in ids]
        staff = [await token("staff", clinic_ids=[clinic_id]) for _ in range(desk)]
    return Clinic(doctor_ids, datetime.now(UTC).date() + timedelta(days=_DAYS_AHEAD), crowd, staff)


@dataclass
class Seen:
    """The answers to some people's calls."""

    seconds: list[float] = field(default_factory=list)
    """Of each answer, refusals included."""
    statuses: Counter[int] = field(default_factory=Counter)
    refused_for_good: list[str] = field(default_factory=list)
    """Bodies of answers that neither say when to try again nor that the slot is taken."""
    booked: list[tuple[str, str]] = field(default_factory=list)
    """The doctor and the time of each booking."""


@dataclass
class Person:
    """Somebody with a token and a connection; all that is answered is noted."""

    connection: Connection
    token: str
    seen: Seen
    chance: random.Random

    async def call(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """The status and the body of an answer; who is told to come back later does."""
        while True:
            status, answer = await self._once(method, path, json.dumps(body) if body else "")
            if (delay := _retry_seconds(answer)) is None:
                if status not in _OK and status != 409:
                    self.seen.refused_for_good.append(f"{status} {answer}")
                return status, answer
            await asyncio.sleep(delay * self.chance.uniform(1, 2))

    async def _once(self, method: str, path: str, body: str) -> tuple[int, dict[str, Any]]:
        answered = asyncio.get_running_loop().create_future()
        head = f"{method} {path} HTTP/1.1\r\nhost: crowd\r\nauthorization: Bearer {self.token}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
        began = time.perf_counter()
        self.connection.ask(f"{head}\r\n{body}".encode(), lambda *answer: answered.set_result(answer))
        status, content = await answered
        self.seen.seconds.append(time.perf_counter() - began)
        self.seen.statuses[status] += 1
        return status, json.loads(content) if content.startswith(b"{") else {}

    async def free(self, doctor_id: str, day: date) -> list[str]:
        """The times of day that are free."""
        path = f"/api/schedules/available-slots?doctor_id={doctor_id}&date={day}"
        return [each["time_slot"] for each in (await self.call("GET", path))[1].get("slots", [])]

    async def book(self, patient_id: str, doctor_id: str, day: date, time_slot: str) -> bool:
        """Whether the slot is theirs."""
        slot = {"doctor_id": doctor_id, "date": f"{day}", "time_slot": time_slot}
        status, _ = await self.call("POST", "/api/appointments", {"patient_id": patient_id, **slot})
        if status in _OK:
            self.seen.booked.append((doctor_id, time_slot))
        return status in _OK


def _retry_seconds(answer: dict[str, Any]) -> float | None:
    delays = [each["retry_delay"] for each in answer.get("details", []) if "retry_delay" in each]
    return float(delays[0].removesuffix("s")) if delays else None


async def wants_a_slot(person: Person, patient_id: str, clinic: Clinic) -> None:
    """Until one is booked, or none is left."""
    while True:
        doctors = person.chance.sample(clinic.doctor_ids, len(clinic.doctor_ids))
        for doctor_id in doctors:
            if free := await person.free(doctor_id, clinic.day):
                break
        else:
            return
        if await person.book(patient_id, doctor_id, clinic.day, person.chance.choice(free)):
            return


async def works_at_the_desk(person: Person, clinic: Clinic, pause: float, ended: asyncio.Event) -> None:
    """Looks at a doctor's list and slots, and books for who stands there, on another day than the crowd's."""
    tomorrow, calls = clinic.day + timedelta(days=1), 0
    while not ended.is_set():
        doctor_id, calls = person.chance.choice(clinic.doctor_ids), calls + 1
        await person.call("GET", f"/api/appointments?doctor_id={doctor_id}&date={clinic.day}&size=20")
        if calls % 3 == 0 and (free := await person.free(doctor_id, tomorrow)):
            patient_id, _ = person.chance.choice(clinic.patients)
            await person.book(patient_id, doctor_id, tomorrow, person.chance.choice(free))
        await asyncio.sleep(pause)


async def together(
    port: int, clinic: Clinic, *, within: float, pause: float = 0.2, alone: float = 0
) -> tuple[Seen, Seen, Seen]:
    """What the desk saw alone for some seconds, and beside the crowd, which comes within so many; what that saw."""
    quiet, desk, crowd = Seen(), Seen(), Seen()
    chance, ended = random.Random(1), asyncio.Event()
    staff = [Person(await _connected(port, number), each, quiet, chance) for number, each in enumerate(clinic.desk)]
    at_work = [asyncio.create_task(works_at_the_desk(each, clinic, pause, ended)) for each in staff]
    people = [
        Person(await _connected(port, number), token, crowd, chance)
        for number, (_, token) in enumerate(clinic.patients, len(staff))
    ]
    await asyncio.sleep(alone)
    for each in staff:
        each.seen = desk

    async def comes(person: Person, patient_id: str) -> None:
        await asyncio.sleep(chance.uniform(0, within))
        await wants_a_slot(person, patient_id, clinic)

    await asyncio.gather(*(comes(each, of) for each, (of, _) in zip(people, clinic.patients, strict=True)))
    ended.set()
    await asyncio.gather(*at_work)
    for each in (*staff, *people):
        each.connection.close()
    return quiet, desk, crowd


async def _connected(port: int, number: int) -> Connection:
    """A connection from an address of one's own, as at home."""
    address = f"127.1.{number // 250}.{number % 250 + 1}"
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Connection, HOST, port, local_addr=(address, 0)))[1]
