"""What notifications are about: what they are planned by, and what they are written from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import args_row

from db.postgres.cluster.engines import Connection, Sent
from db.postgres.driver.pipeline import named


class ContentRow(NamedTuple):
    """What a notification is written from; mostly empty for what goes to an account without a patient.

    Such an account's language is the first of its clinic.
    """

    kind: str
    version: int
    channel: str
    recipient: str
    status: str
    attempts: int
    expires_at: datetime
    email: str
    phone: str
    language: str
    appointment_id: str | None
    appointment_status: str | None
    appointment_version: int | None
    start_at: datetime | None
    end_at: datetime | None
    clinic_name: str | None
    clinic_address: str | None
    clinic_phone: str | None
    time_zone: str | None
    holder: str
    """The address that got the appointment's last calendar entry and so still holds it; empty if none does."""
    holder_start_at: datetime | None
    """The start in that entry."""
    series: Sequence["SiblingRow"]
    """The other appointments of its series that it lists, by start."""
    patient_id: str | None
    """Of what is about the patient's contact alone."""
    account_id: str | None
    """Of what is about an account."""
    still_wanted: bool
    """Whether what it is for is still to come: the contact change or the registration waits, the ticket or the answer
    to an offer does, or the account is enabled and, if it is an invitation, without a password."""
    offered: Sequence[float] | None
    """The starts, as seconds, of what is held for the patient, if it offers a move."""
    offered_until: datetime | None


class SiblingRow(NamedTuple):
    """Another appointment of a series; times in seconds."""

    id: str
    version: int
    start: float
    """Of a withdrawal, the start in the entry that is withdrawn."""
    end: float
    holder: str
    holder_start: float | None
    """Both as in ContentRow."""


class AppointmentFactsRow(NamedTuple):
    """An appointment, as far as planning needs it."""

    status: str
    start_at: datetime
    changed_at: datetime
    email: str
    phone: str
    series_id: str | None


class UntoldRow(NamedTuple):
    """An appointment of a series."""

    id: str
    version: int
    start_at: datetime


_FACTS = """
SELECT a.status, a.start_at, a.updated_at, q.email, q.phone, a.series_id
FROM appointments a JOIN patients q ON q.id = a.patient_id
WHERE a.id = %(appointment_id)s
"""
_UNTOLD = """
SELECT id, version, start_at FROM appointments WHERE series_id = %(series_id)s AND status = 'scheduled'
    AND NOT EXISTS (
        SELECT FROM notifications n JOIN appointments a ON a.id = n.appointment_id
        WHERE a.series_id = %(series_id)s AND n.kind = 'confirmation'
            AND NOT (n.status = 'dropped' AND n.outcome = 'superseded'))
ORDER BY start_at, id LIMIT 1
"""
_MOVED_WITH = """
SELECT s.id, s.version, s.start_at FROM appointments s
JOIN appointment_events e
    ON e.appointment_id = %(appointment_id)s AND e.event = 'rescheduled' AND e.happened_at = s.updated_at
WHERE s.series_id = %(series_id)s AND s.id <> %(appointment_id)s AND s.status = 'scheduled' AND NOT EXISTS (
    SELECT FROM notifications n JOIN appointments a ON a.id = n.appointment_id
    WHERE a.series_id = %(series_id)s AND n.kind = 'change' AND NOT (n.status = 'dropped' AND n.outcome = 'superseded')
        AND ((a.updated_at = s.updated_at AND n.version = a.version)
            OR (n.series_entries -> s.id::text ->> 0)::int = s.version))
ORDER BY s.start_at, s.id LIMIT 1
"""
# A notice of a series brings the entries of several appointments. What a relay is still taking may arrive.
_HOLDER = """
    SELECT h.recipient,
        coalesce(to_timestamp((h.series_entries -> {of}.id::text ->> 1)::float8), h.expires_at) AS start_at
    FROM notifications h
    WHERE h.appointment_id IN (SELECT {of}.id UNION SELECT id FROM appointments WHERE series_id = {of}.series_id)
        AND (h.appointment_id = {of}.id OR (h.series_entries -> {of}.id::text) IS NOT NULL)
        AND h.channel = 'email' AND h.id <> n.id AND h.kind IN ('confirmation', 'change')
        AND (h.status IN ('sending', 'sent') OR h.outcome = 'outcome_unknown')
    ORDER BY coalesce((h.series_entries -> {of}.id::text ->> 0)::int, h.version) DESC LIMIT 1
"""
# A notice to a patient may be for where the patient signs in.
_CONTENT = f"""
SELECT n.kind, n.version, n.channel, n.recipient, n.status, n.attempts, n.expires_at,
    coalesce(k.email, own.email, q.email, ''), coalesce(q.phone, ''),
    coalesce(q.language, r.language, o.languages[1], 'en'),
    a.id, a.status, a.version, a.start_at, a.end_at, c.name, c.address, c.phone, c.time_zone,
    coalesce(h.recipient, ''), h.start_at,
    CASE WHEN a.series_id IS NOT NULL THEN (
        SELECT json_agg(json_build_array(
            s.id, s.version, listed.start, listed.start + extract(epoch FROM s.end_at - s.start_at),
            coalesce(held.recipient, ''), extract(epoch FROM held.start_at)) ORDER BY listed.start)
        FROM appointments s
        CROSS JOIN LATERAL (SELECT CASE WHEN n.kind = 'withdrawal' THEN (n.series_entries -> s.id::text ->> 1)::numeric
            ELSE extract(epoch FROM s.start_at) END AS start) listed
        LEFT JOIN LATERAL ({_HOLDER.format(of="s")}) held ON true
        WHERE s.series_id = a.series_id AND s.id <> a.id AND CASE n.kind
            WHEN 'confirmation' THEN s.status = 'scheduled'
            WHEN 'change' THEN s.status = 'scheduled' AND s.updated_at = a.updated_at
            WHEN 'cancellation' THEN s.status = 'cancelled' AND s.updated_at = a.updated_at
            WHEN 'withdrawal' THEN (n.series_entries -> s.id::text) IS NOT NULL END) END,
    n.patient_id, n.account_id,
    x.id IS NOT NULL OR r.id IS NOT NULL OR (n.kind = 'turn' AND EXISTS (
        SELECT FROM tickets t WHERE t.appointment_id = a.id AND t.status <> 'withdrawn' AND t.status = 'waiting')) OR
        (k.id IS NOT NULL AND k.disabled_at IS NULL AND (n.kind <> 'invitation' OR k.password_hash IS NULL)) OR
        f.id IS NOT NULL,
    CASE WHEN f.id IS NOT NULL THEN (
        SELECT json_agg(extract(epoch FROM s.start_at) ORDER BY s.start_at) FROM appointments s
        WHERE s.status = 'held' AND s.held_by = 'offer:' || f.id) END,
    f.expires_at
FROM notifications n
LEFT JOIN accounts k ON k.id = n.account_id
LEFT JOIN appointments a ON a.id = n.appointment_id
LEFT JOIN patients q ON q.id = coalesce(n.patient_id, a.patient_id, k.patient_id)
LEFT JOIN accounts own ON own.patient_id = n.patient_id AND own.email = n.recipient
LEFT JOIN contact_changes x ON x.id = n.id
LEFT JOIN registrations r ON r.id = n.id
LEFT JOIN clinics c ON c.id = a.clinic_id
LEFT JOIN move_offers f ON n.kind = 'move_offer' AND f.appointment_id = a.id AND f.status IN ('waiting', 'open')
    AND f.status = 'open' AND coalesce(f.version, n.version) = n.version
LEFT JOIN clinics o ON o.id = coalesce(k.clinic_ids[1], (SELECT clinic_id FROM doctors WHERE id = k.doctor_id))
LEFT JOIN LATERAL ({_HOLDER.format(of="a")}) h ON true
WHERE n.id = %(id)s
FOR UPDATE OF n
"""


async def appointment_facts(pg: Connection, appointment_id: str) -> Sent[AppointmentFactsRow]:
    """What planning needs to know of an appointment."""
    cursor = pg.cursor(row_factory=named(AppointmentFactsRow))
    return await cursor.execute(_FACTS, {"appointment_id": appointment_id})


async def untold(pg: Connection, series_id: str) -> Sent[UntoldRow]:
    """The next appointment of a series whose confirmation was overtaken by a change; no row if there is none."""
    cursor = pg.cursor(row_factory=named(UntoldRow))
    return await cursor.execute(_UNTOLD, {"series_id": series_id})


async def moved_with(pg: Connection, series_id: str, appointment_id: str) -> Sent[UntoldRow]:
    """The next appointment of a series that moved together with one, if no notice is about that move any more."""
    cursor = pg.cursor(row_factory=named(UntoldRow))
    return await cursor.execute(_MOVED_WITH, {"series_id": series_id, "appointment_id": appointment_id})


async def content_of(pg: Connection, notification_id: str) -> Sent[ContentRow]:
    """The current content of a notification; its row stays locked until the transaction ends."""
    cursor = pg.cursor(row_factory=args_row(_content_row))
    return await cursor.execute(_CONTENT, {"id": notification_id})


def _content_row(*values: Any) -> ContentRow:
    row = ContentRow._make(values)
    return row._replace(series=[SiblingRow(*each) for each in row.series or ()])
