"""Two clinics that have nothing in common, and a caller of every role who belongs to the first."""

import asyncio
import itertools
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from db.postgres.cluster.engines import create_engine
from db.postgres.cluster.transaction import transact
from db.postgres.identity import credentials
from server.config import Settings
from server.domain.identity import Role
from server.wiring import wired
from tests.fixtures.book import Book, Clock

_SLOTS = [f"{hour:02}:{minute}" for hour in range(23) for minute in ("00", "30")]
_APPOINTMENT = b"""
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT %(id)s, id, practitioner_id, clinic_id, %(patient_id)s, %(start_at)s::timestamptz::date, %(start_at)s,
    %(end_at)s,
    tstzrange(%(start_at)s, %(end_at)s), 1, 'scheduled', NULL, '', 1, now(), now()
FROM doctors WHERE id = %(doctor_id)s
"""


_REPRESENTATIVE = b"""
INSERT INTO representatives (id, account_id, patient_id, relation, clinic_id, note, of_minor, ends_at, created_at)
VALUES (%(id)s, %(account_id)s, %(patient_id)s, 'carer', %(clinic_id)s, 'a letter', false, now() + '1 year', now())
"""
_PRACTITIONER = b"""
WITH person AS (INSERT INTO practitioners VALUES (%(id)s, 'Mori Hana', now(), now()) RETURNING id)
INSERT INTO doctors (id, practitioner_id, clinic_id, specialty, active, version, hours_version, created_at, updated_at)
SELECT gen_random_uuid(), id, %(clinic_id)s, 'Cardiology', true, 1, 0, now(), now() FROM person
"""
_TIME_OFF = b"""
WITH made AS (
    INSERT INTO time_off VALUES (%(id)s, %(doctor_id)s, '2020-01-01', '2020-01-02', 'a course', 'tests', now())
    RETURNING id)
INSERT INTO time_off_appointments SELECT id, %(appointment_id)s, '2020-01-01', '2020-01-02' FROM made
"""


@dataclass(frozen=True)
class Side:
    """The objects of one clinic, its doctor and their patient; `name` is how reports call it."""

    name: str
    clinic_id: str
    doctor_id: str
    patient_id: str
    appointment_id: str
    record_id: str
    display_id: str
    account_id: str
    type_id: str
    resource_id: str
    time_off_id: str
    representative_id: str
    email: str
    """Of the account that acts for the patient."""

    @property
    def private_ids(self) -> dict[str, str]:
        """Ids that callers without a right to them must not learn."""
        ids = ("patient", "appointment", "record", "display", "account", "time_off", "representative")
        return {getattr(self, f"{name}_id"): f"{name}_id" for name in ids}


@dataclass
class World:
    """The callers' own side, which visitors may look at, the others', and one whose private objects do not exist."""

    database_url: str
    own: Side
    other: Side
    missing: Side
    tokens: dict[Role, str]
    others_doctor: str
    """The token of the other side's doctor."""
    today: date
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def number(self) -> int:
        """Another one every time."""
        return next(self._numbers)

    def slot(self) -> dict[str, Any]:
        """A free slot of either doctor, another one every time."""
        day, slot = divmod(self.number, len(_SLOTS))
        return {"date": f"{self.today + timedelta(days=3 + day)}", "time_slot": _SLOTS[slot]}

    def practitioner(self, side: Side) -> str:
        """A practitioner who works at that side's clinic alone; where there is none, an id."""
        practitioner_id = str(uuid.uuid4())
        if side is not self.missing:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute(_PRACTITIONER, {"id": practitioner_id, "clinic_id": side.clinic_id})
        return practitioner_id

    def appointment(self, side: Side) -> str:
        """An appointment of that side that nobody has changed; where there is none, its id."""
        if side is self.missing:
            return side.appointment_id
        start_at = datetime.combine(self.today, datetime.min.time(), UTC) + timedelta(days=400 + self.number)
        return _add_appointment(self.database_url, side.patient_id, side.doctor_id, start_at)


def made(settings: Settings) -> World:
    """A world on a migrated, empty database; the sides' records are still to be written."""
    return asyncio.run(_made(settings))


async def _made(settings: Settings) -> World:
    now, url = datetime.now(UTC), settings.database_url.get_secret_value()
    engine = create_engine(url, size=2, wait_seconds=5, application="tests")
    book = Book(engine, Clock(now))
    own, other = await _side(book, url, "own"), await _side(book, url, "other")
    belonging: dict[Role, dict[str, Any]] = {
        Role.PATIENT: {"patient_id": own.patient_id},
        Role.DOCTOR: {"doctor_id": own.doctor_id, "clinic_ids": [own.clinic_id]},
        Role.STAFF: {"clinic_ids": [own.clinic_id]},
        Role.ADMIN: {"clinic_ids": [own.clinic_id]},
        Role.DISPLAY: {"clinic_ids": [own.clinic_id]},
        Role.SYSTEM: {"clinic_ids": [own.clinic_id]},
        Role.KIOSK: {"clinic_ids": [own.clinic_id]},
    }
    async with wired(settings) as parts:
        await parts.keys.ensure()
        tokens = {Role.VISITOR: ""}
        for role, owned in belonging.items():
            tokens[role] = await parts.tokens.issue(await book.account(role, **owned)) or ""
        others_doctor = await parts.tokens.issue(await book.account("doctor", doctor_id=other.doctor_id)) or ""
    await engine.dispose()
    missing = replace(other, name="missing", **{name: str(uuid.uuid4()) for name in other.private_ids.values()})
    return World(url, own, other, missing, tokens, others_doctor, now.date())


async def _side(book: Book, url: str, name: str) -> Side:
    clinic_id = await book.clinic("Etc/UTC", max_per_patient_day=100, public_browsing=name == "own")
    doctor_id = await book.doctor(clinic_id, [("00:00", "23:30")])
    patient_id = await book.patient(f"Patient of {name}")
    display_id = await book.account("display", clinic_ids=[clinic_id])
    await transact(book.engine, lambda pg: credentials.add(pg, name.encode(), display_id, name, book.clock.now))
    account_id = await book.account("staff", clinic_ids=[clinic_id])
    appointment_id = _add_appointment(url, patient_id, doctor_id, book.clock.now + timedelta(days=1))
    type_id, resource_id = await book.appointment_type(clinic_id), await book.resource(clinic_id)
    time_off_id = str(uuid.uuid4())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TIME_OFF, {"id": time_off_id, "doctor_id": doctor_id, "appointment_id": appointment_id})
    return Side(
        name,
        clinic_id,
        doctor_id,
        patient_id,
        appointment_id,
        "",
        display_id,
        account_id,
        type_id,
        resource_id,
        time_off_id,
        *await _representative(book, url, clinic_id, patient_id),
    )


async def _representative(book: Book, url: str, clinic_id: str, patient_id: str) -> tuple[str, str]:
    representative_id = str(uuid.uuid4())
    account_id = await book.account("patient", patient_id=await book.patient("A relative"))
    values = {"id": representative_id, "account_id": account_id, "patient_id": patient_id, "clinic_id": clinic_id}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_REPRESENTATIVE, values)
        found = connection.execute("SELECT email FROM accounts WHERE id = %s", [account_id]).fetchone()
    return representative_id, str(found and found[0])


def _add_appointment(url: str, patient_id: str, doctor_id: str, start_at: datetime) -> str:
    appointment_id, end_at = str(uuid.uuid4()), start_at + timedelta(minutes=30)
    whose = {"id": appointment_id, "patient_id": patient_id, "doctor_id": doctor_id}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_APPOINTMENT, {**whose, "start_at": start_at, "end_at": end_at})
    return appointment_id
