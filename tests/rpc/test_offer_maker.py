"""What is made of an offer to move when the database has no time for it."""

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


async def test_an_offer_is_made_later_if_the_database_is_too_busy_to_hold_anything(
    book: Book, clock: Clock, database_url: str
) -> None:
    new_id = uuid7_maker(clock)
    staff = Caller("desk", frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, clock.now)
    once: Write[Booked, str] = Write("", "", b"", lambda done: done.appointment.id, str.encode, bytes.decode)

    def booker(engine: Engine) -> Booker:
        return Booker(engine, clock, new_id, lambda _: None)

    wanted = Wanted(None, "", clock.now + timedelta(hours=25))
    visit = NewBooking(await book.patient(), await book.doctor(await book.clinic()), wanted, "", "")
    booked = await booker(book.engine).create(staff, visit, once)
    offer = new_id()
    await transact(book.engine, lambda pg: move_offers.add(pg, [(offer, booked)], None, None, clock.now))
    busy = create_engine(database_url, size=1, wait_seconds=0.1, application="tests")
    async with connection(busy):
        with pytest.raises(DomainError):
            await OfferMaker(book.engine, clock, booker(busy)).make()
    await busy.dispose()
    assert await book.rows("SELECT status FROM move_offers") == [("waiting",)]
    clock.advance(timedelta(minutes=2))
    assert await OfferMaker(book.engine, clock, booker(book.engine)).make()
    assert await book.rows("SELECT status FROM move_offers") == [("open",)]
