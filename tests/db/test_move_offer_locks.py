"""Statements that change several offers to move lock them in the order of their ids, as all writes do."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from db.postgres.booking import move_offers
from db.postgres.cluster.engines import Connection, connection
from db.postgres.cluster.transaction import transact
from tests.fixtures.book import Book
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until
from tests.rpc.test_time_off import at, make
from yoyaku.v1.time_off_pb2 import TimeOffAction

_ADD = """
INSERT INTO move_offers (id, appointment_id, time_off_id, status, start_at, expires_at, created_at, updated_at)
SELECT %s, id, %s, 'open', start_at, %s, now(), now() FROM appointments ORDER BY id {order} LIMIT 1
"""
FIRST, SECOND = (str(UUID(int=number)) for number in (1, 2))


async def _other_offers(pg: Connection, scene: Scene, _: str) -> None:
    ids = [str(found) for (found,) in await scene.book.rows("SELECT id FROM appointments")]
    new = [(str(UUID(int=number)), each) for number, each in enumerate(ids, 3)]
    await move_offers.add(pg, new, None, None, scene.book.clock.now)


async def _end_of_time_off(pg: Connection, scene: Scene, time_off: str) -> None:
    await move_offers.end_of_time_off(pg, time_off, scene.book.clock.now)


async def _lapse(pg: Connection, scene: Scene, _: str) -> None:
    await move_offers.end_others(pg, scene.book.clock.now + timedelta(days=9))


async def _withdraw(pg: Connection, scene: Scene, _: str) -> None:
    await scene.book.run("UPDATE appointments SET status = 'cancelled'")
    await move_offers.end_others(pg, scene.book.clock.now)


async def _renew(pg: Connection, scene: Scene, _: str) -> None:
    await move_offers.renew(pg, scene.book.clock.now)


@pytest.mark.parametrize("write", [_other_offers, _end_of_time_off, _lapse, _withdraw, _renew])
async def test_a_write_waits_for_the_first_offer_before_it_locks_the_second(
    scene: Scene, book: Book, write: Callable[[Connection, Scene, str], Awaitable[None]]
) -> None:
    for time in ("09:00", "10:00"):
        await scene.book_slot(time)
    action = TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE
    time_off = (await make(scene, at("09:00"), at("11:00"), action=action)).time_off.id
    # Wherever the statement begins to look, it meets the second offer first.
    await book.run("DELETE FROM move_offers")
    for offer, order in ((SECOND, "ASC"), (FIRST, "DESC")):
        await book.run(_ADD.format(order=order), offer, time_off, book.clock.now + timedelta(days=1))
    async with connection(book.engine) as pg:
        await pg.execute("BEGIN")
        await pg.execute("SELECT FROM move_offers WHERE id = %s FOR UPDATE", (FIRST,))
        writing = asyncio.create_task(transact(book.engine, lambda other: write(other, scene, time_off)))
        await until(book.waits_for_a_lock)
        free = await book.rows("SELECT FROM move_offers WHERE id = %s FOR UPDATE SKIP LOCKED", SECOND)
        await pg.execute("ROLLBACK")
    await writing
    assert len(free) == 1
