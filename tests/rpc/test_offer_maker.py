"""What is made of an offer to move when the database has no time for it, or a worker is slow."""

import asyncio
from datetime import timedelta

import pytest

from db.postgres.booking import move_offers
from db.postgres.cluster.engines import Engine, connection, create_engine
from db.postgres.cluster.transaction import transact
from server.domain.booking.availability import Wanted
from server.domain.errors import DomainError
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import uuid7_maker
from server.usecases.appointments.book import Booker, NewBooking
from server.usecases.appointments.booked import Booked
from server.usecases.idempotency import Write
from server.usecases.move_offers.make import OfferMaker
from tests.fixtures.book import Book, Clock
from tests.fixtures.waiting import until


async def test_an_offer_is_made_later_if_the_database_is_too_busy_to_hold_anything(
    book: Book, clock: Clock, database_url: str
) -> None:
    def booker(engine: Engine) -> Booker:
        return Booker(engine, clock, uuid7_maker(clock), lambda _: None)

    await _offer(book, clock, booker(book.engine))
    busy = create_engine(database_url, size=1, wait_seconds=0.1, application="tests")
    async with connection(busy):
        with pytest.raises(DomainError):
            await OfferMaker(book.engine, clock, booker(busy)).make()
    await busy.dispose()
    assert await book.rows("SELECT status FROM move_offers") == [("waiting",)]
    clock.advance(timedelta(minutes=2))
    assert await OfferMaker(book.engine, clock, booker(book.engine)).make()
    assert await book.rows("SELECT status FROM move_offers") == [("open",)]


async def test_two_workers_that_make_one_offer_hold_no_more_than_one_would(book: Book, clock: Clock) -> None:
    booker = Booker(book.engine, clock, uuid7_maker(clock), lambda _: None)
    await _offer(book, clock, booker)
    makers = [OfferMaker(book.engine, clock, booker) for _ in range(2)]
    async with book.locked("appointments"):
        slow = asyncio.create_task(makers[0].make())
        await until(lambda: _is_taken(book, clock))
        # The lease of the first one ends while it waits.
        clock.advance(timedelta(minutes=2))
        quick = asyncio.create_task(makers[1].make())
        await until(lambda: _is_taken(book, clock))
    await asyncio.gather(slow, quick)
    assert await book.rows("SELECT status FROM move_offers") == [("open",)]
    assert await book.rows("SELECT count(*) FROM appointments WHERE status = 'held'") == [(2,)]


async def _is_taken(book: Book, clock: Clock) -> bool:
    return bool(await book.rows("SELECT FROM move_offers WHERE taken_until > %s", clock.now))


async def _offer(book: Book, clock: Clock, booker: Booker) -> None:
    """An appointment in 25 hours whose patient is to be offered a move."""
    staff = Caller("desk", frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, clock.now)
    once: Write[Booked, str] = Write("", "", b"", lambda done: done.appointment.id, str.encode, bytes.decode)
    wanted = Wanted(None, "", clock.now + timedelta(hours=25))
    visit = NewBooking(await book.patient(), await book.doctor(await book.clinic()), wanted, "", "")
    booked = await booker.create(staff, visit, once)
    offer = uuid7_maker(clock)()
    await transact(book.engine, lambda pg: move_offers.add(pg, [(offer, booked)], None, None, clock.now))
