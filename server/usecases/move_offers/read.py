"""Reading the offers to move that are not answered yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.postgres.booking import alternatives
from db.postgres.booking.alternatives import OfferedSlotRow, UnansweredRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases import paging
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class UnansweredOffer:
    """An offer, and what is held for it."""

    row: UnansweredRow
    slots: Sequence[OfferedSlotRow]


class MoveOfferReader:
    """Lists offers."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def list(
        self, caller: Caller, clinic_id: str, size: int, page_token: str
    ) -> tuple[Sequence[UnansweredOffer], str]:
        """A page of a clinic's offers (NOT_ALLOWED, PAGE_TOKEN_INVALID), and the token of the next page."""
        require(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=clinic_id))
        query = ("move offers", clinic_id)
        rows, after = paging.page_size(size), paging.after_id(page_token, query)

        async def work(pg: Connection) -> tuple[list[UnansweredRow], list[OfferedSlotRow]]:
            found = await alternatives.unanswered(pg, clinic_id, self._clock(), after, rows + 1)
            return found, await alternatives.offered_slots(pg, [each.id for each in found])

        found, slots = await read(self._engine, work, Freshness.OWN_WRITES)
        page, next_page_token = paging.cut(found, rows, query)
        return [
            UnansweredOffer(row, [each for each in slots if each.offer_id == row.id]) for row in page
        ], next_page_token
