"""What decides the slots of doctors over several days, in one statement."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from psycopg.rows import args_row

from db.postgres.booking.days import OfferRow, around_at_clinic, offer_row, offers_statement
from db.postgres.cluster.engines import Connection


class SpanRow(NamedTuple):
    """An offer for several days, and the revisions of those of its days that were ever changed."""

    offer: OfferRow
    revisions: Mapping[date, int]


class StaffRow(NamedTuple):
    """A doctor with all working hours, and when the doctor's entry was last changed; nothing is busy."""

    offer: OfferRow
    changed_at: datetime


_DOCTORS_OF_CLINIC = offers_statement(
    "d.clinic_id = %(clinic_id)s",
    day="NULL::date",
    revision="0",
    period="'empty'::tstzrange",
    more=", d.updated_at",
)
_ELSEWHERE = offers_statement(
    "true",
    source="""(
    SELECT * FROM doctors WHERE active AND lower(specialty) = lower(%(specialty)s) AND clinic_id <> %(clinic_id)s
    ORDER BY id LIMIT %(most)s
) d""",
)
_OFFERS_OF_SPANS = offers_statement(
    "true",
    day="span.first",
    revision="0",
    period=around_at_clinic("span.first", "span.last"),
    source="unnest(%(doctor_ids)s::uuid[], %(firsts)s::date[], %(lasts)s::date[]) AS span (doctor_id, first, last)"
    " JOIN doctors d ON d.id = span.doctor_id",
    more=""",
    (SELECT json_agg(json_build_array(date, revision))
        FROM schedule_days WHERE doctor_id = d.id AND date BETWEEN span.first AND span.last)""",
)


async def offers(pg: Connection, spans: Sequence[tuple[str, date, date]]) -> list[SpanRow]:
    """What decides slots of several (doctor_id, first, last), in one statement; unknown doctors are left out.

    `date` of each offer is `first`, and its `revision` is 0.
    """
    doctor_ids, firsts, lasts = ([span[part] for span in spans] for part in range(3))
    cursor = pg.cursor(row_factory=args_row(_span_row))
    await cursor.execute(_OFFERS_OF_SPANS, {"doctor_ids": doctor_ids, "firsts": firsts, "lasts": lasts})
    return await cursor.fetchall()


async def elsewhere(
    pg: Connection, clinic_id: str, specialty: str, first: date, last: date, *, most: int
) -> list[OfferRow]:
    """What decides the slots of the first `most` active doctors of a specialty at other clinics."""
    cursor = pg.cursor(row_factory=args_row(offer_row))
    values = {"clinic_id": clinic_id, "specialty": specialty, "first": first, "last": last, "most": most}
    await cursor.execute(_ELSEWHERE, values)
    return await cursor.fetchall()


async def doctors_of_clinic(pg: Connection, clinic_id: str) -> list[StaffRow]:
    """All doctors of a clinic, also those who no longer accept bookings."""
    cursor = pg.cursor(row_factory=args_row(_staff_row))
    await cursor.execute(_DOCTORS_OF_CLINIC, {"clinic_id": clinic_id})
    return await cursor.fetchall()


def _staff_row(*values: Any) -> StaffRow:
    *offer, changed_at = values
    return StaffRow(offer_row(*offer), changed_at)


def _span_row(*values: Any) -> SpanRow:  # the columns of an offer, and one more
    *offer, revisions = values
    return SpanRow(offer_row(*offer), {date.fromisoformat(day): revision for day, revision in revisions or ()})
