"""What decides whether a patient can be booked: standing, and other appointments."""

from datetime import date, datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.tables import ACTIVE


class PatientDayRow(NamedTuple):
    """An active appointment of a patient, as far as the rules for the patient's other appointments need it."""

    id: str
    doctor_id: str
    clinic_id: str
    date: date
    start_at: datetime
    end_at: datetime
    held_until: datetime | None


_OF_PATIENT_BETWEEN = f"""
SELECT id, doctor_id, clinic_id, date, start_at, end_at, held_until FROM appointments
WHERE patient_id = %(patient_id)s AND date BETWEEN %(first)s::date - 2 AND %(last)s::date + 2 AND {ACTIVE}
"""

# A clinic's date may be behind the UTC date, and a session may run past midnight.
_AHEAD = f"""
SELECT count(*), count(held_until) FROM appointments
WHERE patient_id = %(patient_id)s AND clinic_id = %(clinic_id)s AND date >= %(now)s::timestamptz::date - 2
    AND end_at > %(now)s AND (held_until IS NULL OR (held_until > %(now)s AND held_by NOT LIKE 'offer:%%')) AND {ACTIVE}
"""

_WAS_HERE = """
SELECT EXISTS (SELECT FROM appointments WHERE patient_id = %(patient_id)s AND clinic_id = %(clinic_id)s
    AND status NOT IN ('held', 'cancelled', 'expired', 'no_show'))
"""

_LOCK_PATIENT = """
SELECT name, NOT (deceased OR inactive OR replaced_by IS NOT NULL) FROM patients WHERE id = %(patient_id)s
FOR NO KEY UPDATE
"""


async def lock_patient(pg: Connection, patient_id: str) -> Sent[tuple[str, bool]]:
    """Lock a patient against other bookings until the transaction ends.

    The name, and whether the patient may be booked, not being deceased, inactive or replaced; no row if there is none.
    """
    return await pg.execute(_LOCK_PATIENT, {"patient_id": patient_id})


async def of_patient_around(pg: Connection, patient_id: str, day: date) -> Sent[PatientDayRow]:
    """The active appointments of a patient from two days before a day to two days after it."""
    return await of_patient_between(pg, patient_id, day, day)


async def of_patient_between(pg: Connection, patient_id: str, first: date, last: date) -> Sent[PatientDayRow]:
    """The active appointments of a patient from two days before the first day to two days after the last."""
    cursor = pg.cursor(row_factory=named(PatientDayRow))
    return await cursor.execute(_OF_PATIENT_BETWEEN, {"patient_id": patient_id, "first": first, "last": last})


async def ahead(pg: Connection, patient_id: str, clinic_id: str, now: datetime) -> Sent[tuple[int, int]]:
    """How many appointments ahead a patient has at a clinic, and how many of them are holds that have not run out."""
    return await pg.execute(_AHEAD, {"patient_id": patient_id, "clinic_id": clinic_id, "now": now})


async def was_here(pg: Connection, patient_id: str, clinic_id: str) -> Sent[tuple[bool]]:
    """Whether a patient has an appointment at a clinic, past or ahead, that was not cancelled or missed."""
    return await pg.execute(_WAS_HERE, {"patient_id": patient_id, "clinic_id": clinic_id})
