"""Appointments: rows with the names that every reader needs, in one statement."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.tables import ACTIVE


class AppointmentRow(NamedTuple):
    """An appointment with the names of those it concerns."""

    id: str
    patient_id: str
    patient_name: str
    doctor_id: str
    doctor_name: str
    specialty: str
    clinic_id: str
    clinic_name: str
    time_zone: str
    date: date
    start_at: datetime
    end_at: datetime
    busy_until: datetime
    status: str
    reason: str
    version: int
    created_at: datetime
    updated_at: datetime
    type_id: str | None
    """None for a visit of one slot."""
    type_name: str | None
    resources: Sequence[tuple[str, str, str]] | None
    """(id, kind, name) of each that it occupies or did; None without a type."""
    held_until: datetime | None = None
    confirmed_at: datetime | None = None
    """When the patient confirmed that they will come to it, since it last moved."""
    series_id: str | None = None
    """The id of the appointment that is, or was, the first of its series; None if it belongs to none."""
    held_for_offer: bool | None = None
    """Whether what is held is an alternative for a patient who is offered a move."""

    def __hash__(self) -> int:
        # Hashing all fields, including the instants, takes several times as long.
        return hash(self.id)


class Placement(NamedTuple):
    """Where and when an appointment is."""

    doctor_id: str
    practitioner_id: str
    clinic_id: str
    date: date
    start_at: datetime
    end_at: datetime
    busy_until: datetime
    seat: int
    utc_offset_minutes: int
    """How far the clinic's clocks are ahead of UTC at the start, by the present time zone rules."""


class StartRow(NamedTuple):
    """The start of an appointment, and the UTC offset with which the patient was told of it."""

    id: str
    version: int
    date: date
    start_at: datetime
    utc_offset_minutes: int


class NewAppointment(NamedTuple):
    """What an appointment stores besides its place."""

    id: str
    patient_id: str
    status: str
    reason: str
    type_id: str | None = None
    held_until: datetime | None = None
    """For a hold, when it ends, and the account that holds."""
    held_by: str | None = None
    series_id: str | None = None


_NAMED = """
SELECT a.id, a.patient_id, q.name, a.doctor_id, p.name, d.specialty, a.clinic_id, c.name, c.time_zone,
    a.date, a.start_at, a.end_at, upper(a.during), a.status, a.reason, a.version, a.created_at, a.updated_at,
    a.type_id, (SELECT t.name FROM appointment_types t WHERE t.id = a.type_id),
    CASE WHEN a.type_id IS NOT NULL THEN (
        SELECT json_agg(json_build_array(r.id, r.kind, r.name) ORDER BY r.kind, r.name)
        FROM appointment_resources o JOIN resources r ON r.id = o.resource_id WHERE o.appointment_id = a.id) END,
    a.held_until, a.confirmed_at, a.series_id,
    CASE WHEN a.held_until IS NOT NULL THEN starts_with(a.held_by, 'offer:') END
FROM {} a
JOIN patients q ON q.id = a.patient_id
JOIN practitioners p ON p.id = a.practitioner_id
JOIN doctors d ON d.id = a.doctor_id
JOIN clinics c ON c.id = a.clinic_id
"""
SELECT = _NAMED.format("appointments")
"""Selects the columns of AppointmentRow from all appointments; `a` is the appointment."""

_NARROWED = """(
SELECT id, patient_id, practitioner_id, doctor_id, clinic_id, date, start_at, end_at, during, status, reason, version,
    created_at, updated_at, type_id, held_until, confirmed_at, series_id, held_by
FROM appointments a {}
)"""


def select_among(clauses: str) -> str:
    """As SELECT, for appointments `a`: WHERE, ORDER BY and LIMIT select them before their names are joined.

    If the planner expects few rows, it would otherwise join the names of all rows first, then sort and limit.
    """
    return _NAMED.format(_NARROWED.format(clauses))


_GET = SELECT + "WHERE a.id = %(id)s"
_BATCH = SELECT + "WHERE a.id = ANY(%(ids)s::uuid[])"
_REVISION = """
SELECT revision FROM schedule_days JOIN appointments USING (doctor_id, date) WHERE appointments.id = %(id)s
"""

_INSERT = """
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    utc_offset_minutes, status, held_until, reason, version, created_at, updated_at, type_id, held_by, series_id)
VALUES (%(id)s, %(doctor_id)s, %(practitioner_id)s, %(clinic_id)s, %(patient_id)s, %(date)s, %(start_at)s, %(end_at)s,
    tstzrange(%(start_at)s, %(busy_until)s), %(seat)s, %(utc_offset_minutes)s, %(status)s, %(held_until)s, %(reason)s,
    1, %(now)s, %(now)s, %(type_id)s, %(held_by)s, %(series_id)s)
"""

_MOVE = """
UPDATE appointments SET doctor_id = %(doctor_id)s, practitioner_id = %(practitioner_id)s, clinic_id = %(clinic_id)s,
    date = %(date)s, start_at = %(start_at)s, end_at = %(end_at)s,
    during = tstzrange(%(start_at)s, %(busy_until)s), seat = %(seat)s, utc_offset_minutes = %(utc_offset_minutes)s,
    confirmed_at = NULL, version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""

_REPLACE = """
UPDATE appointments SET doctor_id = %(doctor_id)s, practitioner_id = %(practitioner_id)s, clinic_id = %(clinic_id)s,
    date = %(date)s, start_at = %(start_at)s, end_at = %(end_at)s,
    during = tstzrange(%(start_at)s, %(busy_until)s), seat = %(seat)s, utc_offset_minutes = %(utc_offset_minutes)s,
    status = %(status)s, held_until = NULL, reason = %(reason)s, type_id = coalesce(%(type_id)s, type_id),
    confirmed_at = NULL, version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""

_SET_STATUS = f"""
WITH freed AS (
    UPDATE appointment_resources o SET active = false FROM (VALUES (%(status)s)) AS next (status)
    WHERE appointment_id = ANY(%(ids)s::uuid[]) AND o.active AND NOT next.{ACTIVE})
UPDATE appointments SET status = %(status)s, held_until = NULL, version = version + 1, updated_at = %(now)s
WHERE id = ANY(%(ids)s::uuid[])
"""

_STEP = f"""
WITH occupied AS (
    UPDATE appointment_resources SET active = next.{ACTIVE} FROM (VALUES (%(status)s)) AS next (status)
    WHERE appointment_id = %(id)s)
UPDATE appointments SET status = %(status)s, seat = %(seat)s, version = version + 1, updated_at = %(now)s
WHERE id = %(id)s
"""
_CONFIRM = """
UPDATE appointments SET confirmed_at = %(now)s, version = version + 1, updated_at = %(now)s
WHERE id = %(id)s AND start_at = %(start_at)s AND status = 'scheduled' AND confirmed_at IS NULL RETURNING true
"""
_SEAT = "SELECT seat FROM appointments WHERE id = %(id)s"

STARTS_TOGETHER = 1_000
_STARTS = f"""
SELECT id, version, date, start_at, utc_offset_minutes FROM appointments
WHERE clinic_id = %(clinic_id)s
    AND (date, start_at, id) > (%(after_date)s::date, %(after_start)s::timestamptz, %(after_id)s::uuid)
    AND start_at > %(now)s AND {ACTIVE} AND utc_offset_minutes IS NOT NULL
ORDER BY date, start_at, id LIMIT {STARTS_TOGETHER}
"""


async def get(pg: Connection, appointment_id: str) -> Sent[AppointmentRow]:
    """One appointment, if the id exists."""
    cursor = pg.cursor(row_factory=named(AppointmentRow))
    return await cursor.execute(_GET, {"id": appointment_id})


async def batch(pg: Connection, appointment_ids: Sequence[str]) -> list[AppointmentRow]:
    """The appointments that exist among these, in no particular order."""
    cursor = pg.cursor(row_factory=named(AppointmentRow))
    await cursor.execute(_BATCH, {"ids": list(appointment_ids)})
    return await cursor.fetchall()


async def revision_of(pg: Connection, appointment_id: str) -> Sent[tuple[int]]:
    """The revision of an appointment's day; no row if the day has never changed."""
    return await pg.execute(_REVISION, {"id": appointment_id})


async def starts(pg: Connection, clinic_id: str, after: StartRow | None, now: datetime) -> list[StartRow]:
    """The next active future appointments of a clinic, at most STARTS_TOGETHER, by date and start.

    Appointments whose UTC offset at booking is unknown are left out.
    """
    # A session may run past midnight, and a clinic's date may be behind the UTC date.
    first = StartRow("00000000-0000-0000-0000-000000000000", 0, now.date() - timedelta(days=3), now, 0)
    begin = after or first
    values = {"clinic_id": clinic_id, "now": now, "after_date": begin.date, "after_start": begin.start_at}
    cursor = pg.cursor(row_factory=named(StartRow))
    return await (await cursor.execute(_STARTS, {**values, "after_id": begin.id})).fetchall()


async def insert(pg: Connection, appointment: NewAppointment, place: Placement, now: datetime) -> None:
    """Add an appointment; the exclusion constraints decide whether it fits (ConstraintViolated)."""
    await pg.execute(_INSERT, {**appointment._asdict(), **place._asdict(), "now": now})


async def move(pg: Connection, appointment_id: str, place: Placement, now: datetime) -> None:
    """Move an appointment; the exclusion constraints decide whether it fits (ConstraintViolated)."""
    await pg.execute(_MOVE, {"id": appointment_id, "now": now, **place._asdict()})


async def replace(pg: Connection, appointment: NewAppointment, place: Placement, now: datetime) -> None:
    """Overwrite an appointment, except whose it is; without a type it keeps its own (ConstraintViolated)."""
    values = {"id": appointment.id, "status": appointment.status, "reason": appointment.reason, "now": now}
    await pg.execute(_REPLACE, {**values, "type_id": appointment.type_id, **place._asdict()})


async def set_status(pg: Connection, appointment_ids: Sequence[str], status: str, now: datetime) -> None:
    """Set the status of appointments, to one other than `held`."""
    await pg.execute(_SET_STATUS, {"ids": list(appointment_ids), "status": status, "now": now})


async def confirm(pg: Connection, appointment_id: str, start_at: datetime, now: datetime) -> bool:
    """Record that the patient will come; False if it was confirmed already, has moved, or is no longer scheduled."""
    values = {"id": appointment_id, "start_at": start_at, "now": now}
    return await (await pg.execute(_CONFIRM, values)).fetchone() is not None


async def seat_of(pg: Connection, appointment_id: str) -> Sent[tuple[int]]:
    """The seat that an appointment has, or had while it was active; no row if there is no such appointment."""
    return await pg.execute(_SEAT, {"id": appointment_id})


async def step(pg: Connection, appointment_id: str, status: str, seat: int, now: datetime) -> None:
    """Set the status of a visit and its seat; the exclusion constraints decide whether it fits (ConstraintViolated)."""
    await pg.execute(_STEP, {"id": appointment_id, "status": status, "seat": seat, "now": now})
