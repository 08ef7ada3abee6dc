"""Who is signed in on the day: patients of the demo's hospital group, and the staff of its clinics."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import transact
from db.postgres.identity import accounts
from db.postgres.identity.accounts import AccountRow
from server.config import Settings
from server.local.demo import hospital
from server.local.demo.plan import HospitalPlan
from server.parts import Parts
from server.wiring import wired
from tests.bench.day.crowd import Session

PATIENTS, STAFF = 440, 60
"""One in eight is staff, ten in each of the six clinics."""
_BOOKED_FOR = 200
_SEEN = """
SELECT DISTINCT ON (patient_id) patient_id, c.time_zone FROM appointments a JOIN clinics c ON c.id = a.clinic_id
WHERE patient_id <> ALL (SELECT a.patient_id FROM accounts a WHERE a.patient_id IS NOT NULL) ORDER BY patient_id
"""
_DOCTORS = """
SELECT d.id, d.clinic_id, c.time_zone FROM doctors d JOIN clinics c ON c.id = d.clinic_id WHERE c.id = ANY(%s)
"""


async def signed_in(settings: Settings) -> list[Session]:
    """Fill a database with the hospital of `demo --size hospital`, and sign in everybody."""
    async with wired(settings) as parts:
        made, _ = await hospital.load(parts.engine, HospitalPlan(until=datetime.now(UTC).date()), lambda _: None)

        async def found(pg: Connection) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
            patients = await (await pg.execute(_SEEN)).fetchall()
            doctors = await (await pg.execute(_DOCTORS, (made["clinics"],))).fetchall()
            return patients, doctors

        return await _sessions(parts, *await transact(parts.engine, found))


async def _sessions(
    parts: Parts, patients: Sequence[tuple[str, str]], doctors: Sequence[tuple[str, str, str]]
) -> list[Session]:
    of_zone, of_clinic, zone_of = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), {}
    for doctor_id, clinic_id, zone in doctors:
        of_zone[zone].append(doctor_id)
        of_clinic[clinic_id].append(doctor_id)
        zone_of[clinic_id] = zone
    others = defaultdict[str, list[str]](list)
    for patient_id, zone in patients[PATIENTS:]:
        others[zone].append(patient_id)
    clinics = [clinic_id for _, clinic_id in zip(range(STAFF), [*of_clinic] * STAFF, strict=False)]
    sessions = [
        await _session(parts, "patient", [patient_id], of_zone[zone]) for patient_id, zone in patients[:PATIENTS]
    ]
    for clinic_id in clinics:
        booked_for = others[zone_of[clinic_id]][:_BOOKED_FOR]
        sessions.append(await _session(parts, "staff", booked_for, of_clinic[clinic_id], [clinic_id]))
    return sessions


async def _session(
    parts: Parts, role: str, patient_ids: list[str], doctor_ids: list[str], clinic_ids: Sequence[str] = ()
) -> Session:
    account_id = parts.new_id()
    patient_id = patient_ids[0] if role == "patient" else None
    account = AccountRow(account_id, f"{account_id}@example.org", [role], clinic_ids, patient_id)
    await transact(parts.engine, lambda pg: accounts.put_account(pg, account, parts.clock()))
    # As Tokens.issue, which may read from a standby that has not heard of the account yet.
    return Session((await parts.tokens.sign(account)).text, role == "staff", patient_ids, doctor_ids)
