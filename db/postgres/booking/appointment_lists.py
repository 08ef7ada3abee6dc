"""Lists of appointments: always one statement that uses an index, paged by keyset or by offset."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Literal, NamedTuple

from db.postgres.booking.appointments import AppointmentRow, select_among
from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class AppointmentCursor(NamedTuple):
    """The last row of a page, in the order (date, start_at, id)."""

    date: date
    start_at: datetime
    id: str


class Among(NamedTuple):
    """The appointments that a reader may see: those that belong to any of these."""

    clinic_ids: Sequence[str]
    doctor_id: str | None
    patient_ids: Sequence[str]


class AppointmentFilters(NamedTuple):
    """Which appointments to list, and in which order."""

    whose: Literal["patient", "doctor", "clinic"]
    id: str
    date: date | None
    statuses: tuple[str, ...]
    """Empty for all."""
    descending: bool


class AppointmentQuery(NamedTuple):
    """A page of the appointments that a reader may see."""

    filters: AppointmentFilters
    among: Among | None
    """None for all."""
    after: AppointmentCursor | None
    offset: int
    limit: int


def statement(query: AppointmentQuery) -> str:
    """The SQL of a query; it mentions only columns that the query restricts."""
    filters = query.filters
    return _statement(
        filters.whose,
        dated=filters.date is not None,
        of_statuses=bool(filters.statuses),
        among=query.among is not None,
        descending=filters.descending,
        after=query.after is not None,
    )


@cache  # a closed set; the same text is also found faster among the prepared statements
def _statement(whose: str, *, dated: bool, of_statuses: bool, among: bool, descending: bool, after: bool) -> str:
    direction = "DESC" if descending else "ASC"
    order = f"ORDER BY a.date {direction}, a.start_at {direction}, a.id {direction}"
    conditions = [f"a.{whose}_id = %(id)s"]
    if dated:
        conditions.append("a.date = %(date)s")
    if of_statuses:
        conditions.append("a.status = ANY(%(statuses)s)")
    if among:
        conditions.append(
            "(a.clinic_id = ANY(%(clinic_ids)s::uuid[]) OR a.doctor_id = %(doctor_id)s"
            " OR a.patient_id = ANY(%(patient_ids)s::uuid[]))"
        )
    if after:
        beyond = "<" if descending else ">"
        conditions.append(f"(a.date, a.start_at, a.id) {beyond} (%(after_date)s, %(after_start)s, %(after_id)s)")
    page = select_among(f"WHERE {' AND '.join(conditions)} {order} LIMIT %(limit)s OFFSET %(offset)s")
    return f"{page}{order}"


def parameters(query: AppointmentQuery) -> dict[str, object]:
    """The values of the statement for a query."""
    filters = query.filters
    return {
        "id": filters.id,
        "date": filters.date,
        "statuses": list(filters.statuses),
        **(query.among or Among((), None, ()))._asdict(),
        "after_date": query.after and query.after.date,
        "after_start": query.after and query.after.start_at,
        "after_id": query.after and query.after.id,
        "offset": query.offset,
        "limit": query.limit,
    }


async def appointments(pg: Connection, query: AppointmentQuery) -> list[AppointmentRow]:
    """The appointments of a query."""
    cursor = pg.cursor(row_factory=named(AppointmentRow))
    await cursor.execute(statement(query), parameters(query))
    return await cursor.fetchall()
