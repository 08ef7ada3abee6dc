"""Marks patients who have not come as no-shows, where the clinic's rules say after how long."""

import asyncio

import structlog

from db.postgres.cluster.engines import Engine
from db.postgres.queue import rules
from server.domain.booking.appointment import AppointmentStatus
from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.status import StatusChanger, Step
from server.usecases.idempotency import Write
from server.usecases.unit_of_work import read

_log = structlog.get_logger()

EVERY_SECONDS = 30.0
ACTOR = "no-show-rule"
"""Who marked a no-show, in the history of the appointment."""


class NoShows:
    """Applies the clinics' no-show rules; any number of workers may do it at once.

    Each appointment takes its step as if a desk had marked it: who checks in at the same moment is checked in,
    before it or after it, since a late check-in takes a no-show back. What staff have set back by hand is left alone.
    """

    def __init__(self, engine: Engine, clock: Clock, status: StatusChanger) -> None:
        self._engine = engine
        self._clock = clock
        self._status = status

    async def run(self) -> None:
        """Look every half minute until cancelled; a failure is logged, and tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                while await self.mark() == rules.MISSING_TOGETHER:
                    pass
            except Exception as error:
                _log.error("marking no-shows failed", failure=place_of(error))

    async def mark(self) -> int:
        """Mark a batch of those who have not come in time; how many were marked."""
        now, marked = self._clock(), 0
        # Who was checked in since is not missed, though a desk could mark it.
        from_, to = AppointmentStatus.SCHEDULED, AppointmentStatus.NO_SHOW
        for appointment_id in await read(self._engine, lambda pg: rules.missing(pg, now)):
            try:
                await self._status.change(self._caller(), Step(appointment_id, to, "", only_from=from_), _WRITE)
                marked += 1
            except DomainError as error:
                if error.reason is not Reason.STATUS_FORBIDS:  # another worker, or a check-in, was faster
                    raise
        return marked

    def _caller(self) -> Caller:
        return Caller(ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, self._clock())


_WRITE: Write[Changed, None] = Write(
    caller_id=ACTOR,
    request_id="",
    content=b"",
    render=lambda _: None,
    dump=lambda _: b"",
    load=lambda _: None,
)
