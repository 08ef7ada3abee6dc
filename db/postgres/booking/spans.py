"""What decides the slots of doctors over several days, in one statement."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from psycopg.rows import args_row

from db.postgres.booking.days import OfferRow, around_at_clinic, offer_row, offers_statement
from db.postgres.cluster.engines import Connection


class SpanRow(NamedTuple):
    """An offer for several days, and the revisions of those of its days that were ever changed."""

    offer: OfferRow
    revisions: Mapping[date, int]


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


def _span_row(*values: Any) -> SpanRow:  # the columns of an offer, and one more
    *offer, revisions = values
    return SpanRow(offer_row(*offer), {date.fromisoformat(day): revision for day, revision in revisions or ()})
