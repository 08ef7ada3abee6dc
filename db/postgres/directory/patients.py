"""Patients and the identifiers that other systems give them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg.rows import args_row
from sqlalchemy import bindparam, insert

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.driver.statements import sql
from db.postgres.tables import patient_identifiers, patients


class PatientRow(NamedTuple):
    """A patient's personal data; unknown text is empty."""

    id: str
    name: str
    birth_date: date | None
    phone: str
    email: str
    language: str = "en"
    """The language of notices: `en` or `ja`."""
    name_kana: str = ""
    """The reading of the name."""
    deceased: bool = False
    inactive: bool = False
    birth_precision: str = "day"
    """How much of `birth_date` is known, `year`, `month` or `day`; of what is not, it has the first."""


class FullPatientRow(NamedTuple):
    """All data of a patient; unknown text is empty."""

    id: str
    name: str
    birth_date: date | None
    phone: str
    email: str
    language: str
    version: int
    created_at: datetime
    updated_at: datetime
    identifiers: Sequence[tuple[str, str]]
    """(system, value), sorted."""
    former_email: str
    """The address before `email` was removed, to be notified of what comes next; empty while there is an `email`."""
    former_phone: str
    pending_email: str = ""
    """An address that is not confirmed yet."""
    pending_phone: str = ""
    name_kana: str = ""
    """The reading of the name."""
    deceased: bool = False
    inactive: bool = False
    replaced_by: str | None = None
    """The patient that this one turned out to be, under another id."""
    birth_precision: str = "day"
    """How much of `birth_date` is known, `year`, `month` or `day`; of what is not, it has the first."""


class TermSearch(NamedTuple):
    """Which patients to find, and where in the order to start."""

    terms: Sequence[Sequence[str]]
    """All of the outer, any of the inner; each is the beginning of one of the patient's."""
    by_reading: bool
    """Whether to sort by the reading of the name, where there is one."""
    most: int
    """How many matches there may be."""
    after_id: str
    """The last patient of the page before; the nil UUID for the first page."""
    limit: int


class PatientClinicRow(NamedTuple):
    """A clinic where a patient has, or had, any appointment."""

    clinic_id: str
    established: bool
    """Whether more than a recent booking by the clinic itself connects the two."""


_ADDED = (*PatientRow._fields, "version", "created_at", "updated_at")
_PLAIN = ("id", "name", "birth_date", "phone", "email", "language", "version", "created_at", "updated_at")
_ADD = sql(insert(patients).values({name: bindparam(name) for name in _ADDED}))
_ADD_IDENTIFIER = sql(
    insert(patient_identifiers).values({name: bindparam(name) for name in ("system", "value", "patient_id")})
)
_REMOVE_IDENTIFIERS = "DELETE FROM patient_identifiers WHERE patient_id = %(patient_id)s"

_COLUMNS = f"""
{", ".join(_PLAIN)}, (
    SELECT jsonb_agg(jsonb_build_array(system, value) ORDER BY system COLLATE "C", value COLLATE "C")
    FROM patient_identifiers WHERE patient_id = patients.id),
    former_email, former_phone,
    coalesce((SELECT value FROM contact_changes WHERE patient_id = patients.id AND kind = 'email'), ''),
    coalesce((SELECT value FROM contact_changes WHERE patient_id = patients.id AND kind = 'phone'), ''),
    name_kana, deceased, inactive, replaced_by, birth_precision
"""
_SELECT = f"SELECT {_COLUMNS} FROM patients "
_GET = _SELECT + "WHERE id = %(patient_id)s"
_ID_BY_IDENTIFIER = "SELECT patient_id FROM patient_identifiers WHERE system = %(system)s AND value = %(value)s"
_BY_IDENTIFIER = f"{_SELECT}WHERE id = ({_ID_BY_IDENTIFIER})"
_PLACE = "CASE WHEN %(by_reading)s THEN sort_reading ELSE sort_name END"
# One match more than is allowed shows that there are too many.
_BY_TERMS = f"""
WITH found AS MATERIALIZED (
    SELECT id, {_PLACE} AS place FROM patients WHERE search_terms @@ %(terms)s::tsquery LIMIT %(most)s + 1
), page AS (
    SELECT id, place FROM found
    WHERE (place, id) > (coalesce((SELECT {_PLACE} FROM patients WHERE id = %(after_id)s), ''), %(after_id)s)
    ORDER BY place, id LIMIT %(limit)s
)
SELECT (SELECT count(*) > %(most)s FROM found), {_COLUMNS} FROM patients JOIN page USING (id) ORDER BY place, id
"""
_PAGE = f"{_SELECT}WHERE id > %(after_id)s ORDER BY id LIMIT %(limit)s"
_IS_SEEN_BY = """
SELECT EXISTS (SELECT FROM appointments WHERE patient_id = %(patient_id)s AND doctor_id = %(doctor_id)s
    AND status NOT IN ('cancelled', 'expired'))
"""
_CLINICS_OF = """
SELECT clinic_id, bool_or(status NOT IN ('cancelled', 'expired') AND (start_at < %(since)s OR EXISTS (
    SELECT FROM appointment_events e WHERE e.appointment_id = a.id AND (e.event = 'imported'
        OR e.event IN ('booked', 'confirmed')
            AND (e.relation <> '' OR e.actor IN (SELECT id::text FROM accounts WHERE patient_id = %(patient_id)s))))))
FROM appointments a WHERE patient_id = %(patient_id)s GROUP BY clinic_id
"""
_SIGNS_IN = """
SELECT EXISTS (SELECT FROM accounts WHERE patient_id = %(patient_id)s AND password_hash IS NOT NULL
    AND disabled_at IS NULL)
"""
_SIGN_IN_EMAILS = """
SELECT email FROM accounts WHERE patient_id = %(patient_id)s AND password_hash IS NOT NULL AND disabled_at IS NULL
ORDER BY email
"""
_UPDATE = """
UPDATE patients SET name = %(name)s, birth_date = %(birth_date)s,
    birth_precision = %(birth_precision)s, phone = %(phone)s, email = %(email)s,
    language = %(language)s, name_kana = %(name_kana)s, deceased = %(deceased)s, inactive = %(inactive)s,
    former_email = %(former_email)s, former_phone = %(former_phone)s,
    version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""


async def add(pg: Connection, patient: PatientRow, identifiers: Iterable[tuple[str, str]], now: datetime) -> None:
    """Add a patient with (system, value) identifiers (ConstraintViolated: patient_identifiers_pkey)."""
    await pg.execute(_ADD, {**patient._asdict(), "version": 1, "created_at": now, "updated_at": now})
    await _add_identifiers(pg, patient.id, identifiers)


async def update(pg: Connection, patient: FullPatientRow, now: datetime) -> None:
    """Store a patient's personal data as the next version; identifiers stay."""
    await pg.execute(_UPDATE, {**patient._asdict(), "now": now})


async def replace_identifiers(pg: Connection, patient_id: str, identifiers: Iterable[tuple[str, str]]) -> None:
    """Replace all identifiers of a patient (ConstraintViolated: patient_identifiers_pkey)."""
    await pg.execute(_REMOVE_IDENTIFIERS, {"patient_id": patient_id})
    await _add_identifiers(pg, patient_id, identifiers)


async def get(pg: Connection, patient_id: str) -> Sent[FullPatientRow]:
    """One patient, if the id exists."""
    cursor = pg.cursor(row_factory=args_row(_full))
    return await cursor.execute(_GET, {"patient_id": patient_id})


async def page(pg: Connection, after_id: str, limit: int) -> list[FullPatientRow]:
    """A page of all patients in the order of ids; the nil UUID starts at the first."""
    cursor = pg.cursor(row_factory=args_row(_full))
    await cursor.execute(_PAGE, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def is_seen_by(pg: Connection, patient_id: str, doctor_id: str) -> Sent[tuple[bool]]:
    """Whether a patient has, or had, an appointment with a doctor that was not cancelled."""
    return await pg.execute(_IS_SEEN_BY, {"patient_id": patient_id, "doctor_id": doctor_id})


async def clinics_of(pg: Connection, patient_id: str, since: datetime) -> list[PatientClinicRow]:
    """The clinics where a patient has, or had, any appointment, cancelled ones included.

    An appointment connects patient and clinic if it was not cancelled, and started before `since`, or was booked by the
    patient or imported.
    """
    cursor = pg.cursor(row_factory=named(PatientClinicRow))
    await cursor.execute(_CLINICS_OF, {"patient_id": patient_id, "since": since})
    return await cursor.fetchall()


async def signs_in(pg: Connection, patient_id: str) -> bool:
    """Whether a patient has an account with a password."""
    [found] = await (await pg.execute(_SIGNS_IN, {"patient_id": patient_id})).fetchone() or (False,)
    return bool(found)


async def sign_in_emails(pg: Connection, patient_id: str) -> list[str]:
    """The emails with which a patient signs in, sorted."""
    found = await (await pg.execute(_SIGN_IN_EMAILS, {"patient_id": patient_id})).fetchall()
    return [str(email) for [email] in found]


async def id_by_identifier(pg: Connection, system: str, value: str) -> str | None:
    """The id of the patient with an identifier of a system, or None."""
    found = await (await pg.execute(_ID_BY_IDENTIFIER, {"system": system, "value": value})).fetchone()
    return found[0] if found else None


async def by_identifier(pg: Connection, system: str, value: str) -> list[FullPatientRow]:
    """The patient with an identifier of a system, if there is one."""
    cursor = pg.cursor(row_factory=args_row(_full))
    await cursor.execute(_BY_IDENTIFIER, {"system": system, "value": value})
    return await cursor.fetchall()


async def by_terms(pg: Connection, search: TermSearch) -> list[FullPatientRow] | None:
    """A page of the patients with all terms, sorted; None if more than `most` have them."""
    cursor = pg.cursor(row_factory=args_row(lambda broad, *values: (broad, _full(*values))))
    await cursor.execute(_BY_TERMS, {**search._asdict(), "terms": _tsquery(search.terms)})
    rows = await cursor.fetchall()
    return None if any(broad for broad, _ in rows) else [row for _, row in rows]


def _tsquery(terms: Sequence[Sequence[str]]) -> str:
    """Terms as PostgreSQL writes searches; they contain neither quotes nor backslashes."""
    return " & ".join("(" + " | ".join(f"'{term}':*" for term in any_of) + ")" for any_of in terms)


async def _add_identifiers(pg: Connection, patient_id: str, identifiers: Iterable[tuple[str, str]]) -> None:
    for system, value in identifiers:
        await pg.execute(_ADD_IDENTIFIER, {"system": system, "value": value, "patient_id": patient_id})


def _full(*values: Any) -> FullPatientRow:  # one column each, typed by FullPatientRow
    plain, identifiers, rest = values[: len(_PLAIN)], values[len(_PLAIN)], values[len(_PLAIN) + 1 :]
    pairs = [(system, value) for system, value in identifiers or ()]
    return FullPatientRow._make([*plain, pairs, *rest])
