"""Reading appointments: one, or a page of them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from db.postgres.booking import appointment_lists, appointments, history
from db.postgres.booking.appointment_lists import Among, AppointmentCursor, AppointmentFilters, AppointmentQuery
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.history import HistoryRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.identity import Caller
from server.domain.rights import Action
from server.usecases import paging
from server.usecases.appointments.changeable import visible
from server.usecases.reach import reach
from server.usecases.unit_of_work import read


class Appointments:
    """Reads appointments."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, caller: Caller, appointment_id: str) -> tuple[AppointmentRow, int]:
        """One appointment and the revision of its day (APPOINTMENT_NOT_FOUND)."""

        async def work(pg: Connection) -> tuple[AppointmentRow | None, int]:
            async with pg.pipeline():
                sent = await appointments.get(pg, appointment_id)
                revision = await (await appointments.revision_of(pg, appointment_id)).fetchone()
                return await sent.fetchone(), revision[0] if revision else 0

        row, revision = await read(self._engine, work, Freshness.OWN_WRITES)
        return visible(caller, row, appointment_id), revision

    async def history(
        self, caller: Caller, appointment_id: str, size: int, page_token: str
    ) -> tuple[Sequence[HistoryRow], str]:
        """A page of what happened to an appointment (APPOINTMENT_NOT_FOUND), and the token of the next page."""
        reach(caller, Action.SEE_APPOINTMENT)
        query = ("history", appointment_id)
        rows, after = paging.page_size(size), paging.after_number(page_token, query)

        async def work(pg: Connection) -> tuple[AppointmentRow | None, list[HistoryRow]]:
            async with pg.pipeline():
                sent = await appointments.get(pg, appointment_id)
                entries = await history.page(pg, appointment_id, after=after, limit=rows + 1)
                return await sent.fetchone(), await entries.fetchall()

        row, found = await read(self._engine, work, Freshness.OWN_WRITES)
        visible(caller, row, appointment_id)
        return paging.cut_numbered(found, rows, query, lambda entry: entry.number)

    async def batch_get(self, caller: Caller, appointment_ids: Sequence[str]) -> Sequence[AppointmentRow]:
        """Appointments in the order asked for (APPOINTMENT_NOT_FOUND for the first that the caller may not see)."""
        reach(caller, Action.BATCH_GET_APPOINTMENTS)
        found = await read(self._engine, lambda pg: appointments.batch(pg, appointment_ids), Freshness.OWN_WRITES)
        rows = {row.id: row for row in found}
        return [visible(caller, rows.get(each), each) for each in appointment_ids]

    async def list(
        self, caller: Caller, filters: AppointmentFilters, size: int, *, page: int, page_token: str
    ) -> tuple[Sequence[AppointmentRow], str]:
        """A page of appointments that the caller may see, and the token of the next page, empty if there is none.

        It is the page with a number, or the one after `page_token`.
        """
        reached = reach(caller, Action.SEE_APPOINTMENT)
        rows = paging.page_size(size)
        among = Among(list(reached.clinic_ids), reached.doctor_id, list(reached.patient_ids))
        query = AppointmentQuery(
            filters,
            among=None if reached.everything else among,
            after=_position(page_token, filters) if page_token else None,
            offset=paging.offset_of(page, rows),
            limit=rows + 1,
        )
        found = await read(self._engine, lambda pg: appointment_lists.appointments(pg, query), Freshness.OWN_WRITES)
        if len(found) <= rows:
            return found, ""
        last = found[rows - 1]
        return found[:rows], paging.encode((last.date.isoformat(), last.start_at.isoformat(), last.id), filters)


def _position(token: str, filters: object) -> AppointmentCursor:
    day, start_at, appointment_id = paging.decode(token, filters, 3)
    try:
        return AppointmentCursor(date.fromisoformat(day), datetime.fromisoformat(start_at), str(UUID(appointment_id)))
    except ValueError:
        raise paging.token_invalid() from None
