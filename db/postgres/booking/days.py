"""The days of doctors: their revisions, and everything that decides which slots they offer."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named
from db.postgres.tables import ACTIVE

NOTHING_BUSY = "empty"
"""A period (tstzrange) in which nothing is busy: for reads that need no appointments."""


class DayRow(NamedTuple):
    """The revision of one doctor's day."""

    doctor_id: str
    date: date
    revision: int


class BusyRow(NamedTuple):
    """An active appointment of a practitioner, with the buffer after it."""

    appointment_id: str
    doctor_id: str
    date: date
    seat: int
    start_at: datetime
    busy_until: datetime
    held_until: datetime | None


class OfferRow(NamedTuple):
    """A doctor, the clinic's policy, all working hours, and when the practitioner is busy in a period."""

    doctor_id: str
    practitioner_id: str
    doctor_name: str
    specialty: str
    active: bool
    hours_version: int
    clinic_id: str
    clinic_name: str
    time_zone: str
    horizon_days: int
    min_notice_minutes: int
    cancel_by_minutes: int
    max_per_patient_day: int
    buffer_minutes: int
    max_open_appointments: int
    holidays: str
    """The days on which the clinic is closed, as PostgreSQL writes an array: `{2026-05-04,2026-05-05}`."""
    time_off: str
    """When the doctor is off, as PostgreSQL writes a multirange: `{["2026-03-03 01:00:00+00","2026-03-04 ...`."""
    extra_sessions: str
    """JSON, to be read with `hours.extra_sessions`."""
    epoch: int
    date: date | None
    revision: int
    """The revision of `date`."""
    hours: str
    """JSON, to be read with `hours.sessions`."""
    busy: Sequence[BusyRow]


def period(start_at: datetime, end_at: datetime) -> str:
    """A tstzrange that excludes its end."""
    return f"[{start_at.isoformat()},{end_at.isoformat()})"


def around(first: date, last: date) -> str:
    """A tstzrange that covers days in every zone, with the nights before and after them."""
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last))
    return period(begin - timedelta(days=1), end + timedelta(days=3))


def _revision(day: str) -> str:
    return f"coalesce((SELECT revision FROM schedule_days WHERE doctor_id = d.id AND date = {day}), 0)"


def around_at_clinic(first: str, last: str) -> str:
    """SQL for a tstzrange that covers days at the clinic, with the night after them."""
    return f"""tstzrange(
            {first}::timestamp AT TIME ZONE c.time_zone,
            ({last} + 2)::timestamp AT TIME ZONE c.time_zone + c.buffer_minutes * interval '1 minute')"""


_FIRST, _LAST = "%(first)s::date", "%(last)s::date"


def offers_statement(
    condition: str,
    *,
    day: str = _FIRST,
    revision: str = _revision(_FIRST),
    period: str = around_at_clinic(_FIRST, _LAST),
    source: str = "doctors d",
    more: str = "",
) -> str:
    """A statement whose rows `offer_row` reads; `more` columns come after those."""
    return f"""
SELECT d.id, d.practitioner_id, p.name, d.specialty, d.active, d.hours_version,
    c.id, c.name, c.time_zone,
    c.horizon_days, c.min_notice_minutes, c.cancel_by_minutes, c.max_per_patient_day, c.buffer_minutes,
    c.max_open_appointments, c.holidays::text, d.time_off::text, d.extra_sessions::text,
    (SELECT epoch FROM cluster_epoch),
    {day}, {revision},
    (SELECT json_agg(json_build_array(
            h.valid_from, s.weekday, s.start_local, s.end_local, s.slot_minutes, s.capacity))::text
        FROM working_hours h LEFT JOIN working_sessions s USING (doctor_id, valid_from)
        WHERE h.doctor_id = d.id),
    (SELECT json_agg(json_build_array(
            a.id, a.doctor_id, a.date, a.seat,
            extract(epoch FROM a.start_at), extract(epoch FROM upper(a.during)), extract(epoch FROM a.held_until)))
        FROM appointments a
        WHERE a.practitioner_id = d.practitioner_id AND a.{ACTIVE} AND a.during && {period}){more}
FROM {source} JOIN practitioners p ON p.id = d.practitioner_id JOIN clinics c ON c.id = d.clinic_id
WHERE {condition} ORDER BY d.id
"""


_OFFER = offers_statement("d.id = %(doctor_id)s")
_OFFERS_OF_DAYS = offers_statement(
    "true",
    day="day.date",
    revision=_revision("day.date"),
    period=around_at_clinic("day.date", "day.date"),
    source="unnest(%(doctor_ids)s::uuid[], %(dates)s::date[]) AS day (doctor_id, date)"
    " JOIN doctors d ON d.id = day.doctor_id",
)
_OF_PRACTITIONER = "d.practitioner_id = (SELECT practitioner_id FROM doctors WHERE id = %(doctor_id)s)"
_OFFERS_OF_PRACTITIONER_ON_A_DAY = offers_statement(_OF_PRACTITIONER, period="%(period)s::tstzrange")
_NO_DAY = {"day": "NULL::date", "revision": "0", "period": "%(period)s::tstzrange"}
_OFFERS_OF_PRACTITIONER = offers_statement(_OF_PRACTITIONER, **_NO_DAY)
_OFFERS_OF_APPOINTMENT = offers_statement(
    "d.practitioner_id = (SELECT practitioner_id FROM appointments WHERE id = %(id)s)", **_NO_DAY
)
_OFFERS_OF_CLINIC = offers_statement("d.active AND d.clinic_id = %(clinic_id)s")
_OFFERS_OF_SPECIALTY = offers_statement("d.active AND lower(d.specialty) = lower(%(specialty)s)")
_OFFERS_OF_CLINIC_AND_SPECIALTY = offers_statement(
    "d.active AND d.clinic_id = %(clinic_id)s AND lower(d.specialty) = lower(%(specialty)s)"
)

_RAISE = """
INSERT INTO schedule_days (doctor_id, date, revision, changed_at)
SELECT doctor_id, date, 1, %(now)s FROM unnest(%(doctor_ids)s::uuid[], %(dates)s::date[]) AS day (doctor_id, date)
ORDER BY doctor_id, date
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = schedule_days.revision + 1, changed_at = excluded.changed_at
RETURNING doctor_id, date, revision
"""

_CHANGED_SINCE = "SELECT doctor_id, date, revision FROM schedule_days WHERE changed_at >= %(since)s"
_EPOCH = "SELECT epoch FROM cluster_epoch"


async def changed_since(pg: Connection, since: datetime) -> tuple[int, list[DayRow]]:
    """The epoch, and the days that have changed since an instant, with their present revisions."""
    async with pg.pipeline():
        sent_epoch = await pg.execute(_EPOCH)
        cursor = pg.cursor(row_factory=named(DayRow))
        sent = await cursor.execute(_CHANGED_SINCE, {"since": since})
        epoch = await sent_epoch.fetchone()
        return epoch[0] if epoch else 0, await sent.fetchall()


async def raise_revisions(pg: Connection, days: Iterable[tuple[str, date]], now: datetime) -> Sent[DayRow]:
    """Lock days (doctor_id, date) in sorted order until the transaction ends, and add one to each revision."""
    wanted = sorted(days)
    cursor = pg.cursor(row_factory=named(DayRow))
    return await cursor.execute(
        _RAISE, {"doctor_ids": [day[0] for day in wanted], "dates": [day[1] for day in wanted], "now": now}
    )


async def offer(pg: Connection, doctor_id: str, first: date, last: date) -> Sent[OfferRow]:
    """What decides a doctor's slots from `first` to `last`, in one statement; no row for an unknown doctor.

    `date` is `first`; `busy` includes the night after `last`.
    """
    cursor = pg.cursor(row_factory=args_row(offer_row))
    return await cursor.execute(_OFFER, {"doctor_id": doctor_id, "first": first, "last": last})


async def offers_of_days(pg: Connection, days: Sequence[tuple[str, date]]) -> list[OfferRow]:
    """As `offer`, for several (doctor_id, date), each for that day alone; unknown doctors are left out."""
    cursor = pg.cursor(row_factory=args_row(offer_row))
    await cursor.execute(_OFFERS_OF_DAYS, {"doctor_ids": [day[0] for day in days], "dates": [day[1] for day in days]})
    return await cursor.fetchall()


async def offers_of_practitioner(pg: Connection, doctor_id: str, busy: str) -> Sent[OfferRow]:
    """All doctors of the practitioner who is `doctor_id`, by id, with what is `busy` in a period (tstzrange).

    `date` is None and `revision` is 0.
    """
    cursor = pg.cursor(row_factory=args_row(offer_row))
    return await cursor.execute(_OFFERS_OF_PRACTITIONER, {"doctor_id": doctor_id, "period": busy})


async def offers_of_practitioner_on(pg: Connection, doctor_id: str, day: date, busy: str) -> Sent[OfferRow]:
    """As `offers_of_practitioner`; `date` is that day."""
    cursor = pg.cursor(row_factory=args_row(offer_row))
    values = {"doctor_id": doctor_id, "first": day, "period": busy}
    return await cursor.execute(_OFFERS_OF_PRACTITIONER_ON_A_DAY, values)


async def offers_of_appointment(pg: Connection, appointment_id: str, busy: str) -> Sent[OfferRow]:
    """As `offers_of_practitioner`, for the practitioner of an appointment."""
    cursor = pg.cursor(row_factory=args_row(offer_row))
    return await cursor.execute(_OFFERS_OF_APPOINTMENT, {"id": appointment_id, "period": busy})


async def offers_of_group(pg: Connection, clinic_id: str, specialty: str, first: date, last: date) -> list[OfferRow]:
    """As `offer`, for all active doctors of a clinic, of a specialty, or of both; one of them may be empty.

    Specialties are compared case-insensitively.
    """
    if clinic_id and specialty:
        statement = _OFFERS_OF_CLINIC_AND_SPECIALTY
    else:
        statement = _OFFERS_OF_CLINIC if clinic_id else _OFFERS_OF_SPECIALTY
    cursor = pg.cursor(row_factory=args_row(offer_row))
    await cursor.execute(statement, {"clinic_id": clinic_id, "specialty": specialty, "first": first, "last": last})
    return await cursor.fetchall()


def offer_row(*values: Any) -> OfferRow:  # one column each, typed by OfferRow
    """An offer from the columns of `offers_statement`."""
    *plain, hours, busy = values
    return OfferRow._make([*plain, hours or "[]", [_busy_row(*row) for row in busy or ()]])


def _busy_row(
    appointment_id: str, doctor_id: str, day: str, seat: int, start: float, end: float, held_until: float | None
) -> BusyRow:
    return BusyRow(
        appointment_id,
        doctor_id,
        date.fromisoformat(day),
        seat,
        datetime.fromtimestamp(start, UTC),
        datetime.fromtimestamp(end, UTC),
        None if held_until is None else datetime.fromtimestamp(held_until, UTC),
    )
