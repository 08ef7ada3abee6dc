"""How many functions lie between a servicer and the first line that decides something."""

from collections.abc import Awaitable
from typing import Any

import pytest

from db.postgres.cluster.engines import Engine
from server.domain.booking.availability import Wanted
from server.domain.errors import DomainError
from server.domain.identity import Caller
from server.usecases.appointments.book import Booker, NewBooking
from server.usecases.appointments.cancel import Cancellation, Canceller
from server.usecases.appointments.reschedule import Move, Rescheduler
from server.usecases.idempotency import Write
from tests.fixtures.book import Clock

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"
WANTED = Wanted(None, "", None)


def unasked(_: object) -> None:
    """Nothing is answered and nobody is told."""


async def path_to_the_refusal(call: Awaitable[Any]) -> list[str]:
    """The functions from the use case to its own steps."""
    with pytest.raises(DomainError) as refused:
        await call
    names = [entry.name for entry in refused.traceback]
    return names[: names.index("run") + 1]


async def test_a_booking_a_move_and_a_cancellation_are_five_calls_from_their_servicer(
    engine: Engine, clock: Clock
) -> None:
    caller = Caller("somebody", frozenset(), frozenset(), None, None, clock.now)
    write: Write[Any, None] = Write("somebody", "", b"", unasked, lambda _: b"", unasked)
    booking = Booker(engine, clock, lambda: NOBODY, unasked)
    rescheduling, cancelling = Rescheduler(engine, clock, unasked), Canceller(engine, clock, unasked)
    below = ["perform", "transact", "claimed", "run"]
    booked = await path_to_the_refusal(booking.create(caller, NewBooking(NOBODY, NOBODY, WANTED, "", ""), write))
    assert booked[-5:] == ["create", *below]
    moved = await path_to_the_refusal(rescheduling.reschedule(caller, Move(NOBODY, "", WANTED, ""), write))
    assert moved[-5:] == ["reschedule", *below]
    cancelled = await path_to_the_refusal(cancelling.cancel(caller, Cancellation(NOBODY, "", ""), write))
    assert cancelled[-5:] == ["cancel", *below]
