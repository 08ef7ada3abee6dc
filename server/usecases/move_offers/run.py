"""Keeps offers going: makes those that wait, ends those that are over, and gives up times that are lost."""

import asyncio
from contextlib import suppress

import structlog

from db.postgres.booking import alternatives, move_offers
from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import transact
from server.domain.errors import DomainError
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.holds.ends import HoldEnd, HoldEvent, Holds
from server.usecases.idempotency import Write
from server.usecases.move_offers.losses import LostTimes
from server.usecases.move_offers.make import ACTOR, OfferMaker
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

_log = structlog.get_logger()

EVERY_SECONDS = 5.0


class MoveOffers:
    """Runs in every worker. Whether an answer comes in time does not depend on it: that is asked when it comes."""

    def __init__(self, engine: Engine, clock: Clock, maker: OfferMaker, holds: Holds) -> None:
        self._engine = engine
        self._clock = clock
        self._maker = maker
        self._holds = holds
        self._lost = LostTimes(engine, clock)

    async def run(self) -> None:
        """Look every five seconds until cancelled; a failure is logged, and tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except Exception as error:
                _log.error("offering moves failed", failure=place_of(error))

    async def look(self) -> None:
        """Make all offers that wait, and clear away those that are over.

        An offer whose times are not offered any more, as of a doctor who is away after all, looks for others.
        """
        for appointment_id in await self._lost.find():
            await self._end(appointment_id, "expired")
        now = self._clock()
        with database_failures_as_domain_errors():
            await transact(self._engine, lambda pg: move_offers.end_others(pg, now))
            await transact(self._engine, lambda pg: move_offers.renew(pg, now))
        while await self._maker.make():
            pass
        for appointment_id in await read(self._engine, alternatives.left):
            await self._end(appointment_id, "released")

    async def _end(self, appointment_id: str, event: HoldEvent) -> None:
        caller = Caller(ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, self._clock())
        with suppress(DomainError):  # another worker was faster
            await self._holds.end(caller, HoldEnd(appointment_id, event), _ONCE)


def _nothing(_: Changed | None) -> None:
    """The answer is not needed."""


_ONCE: Write[Changed, None] = Write("", "", b"", render=_nothing, dump=lambda _: b"", load=lambda _: None)
