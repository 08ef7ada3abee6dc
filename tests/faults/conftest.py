"""Towns for the tests of this directory, and people in them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import grpc
import pytest

from db.postgres.cluster.engines import Engine, create_engine
from tests.faults.desk import TIMES, Desk
from tests.faults.town import Town, town
from tests.fixtures.book import Book, Clock
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from tests.fixtures.workers import Fleet


@asynccontextmanager
async def visiting(place: Town) -> AsyncIterator[Fleet]:
    """The workers of a town, and its book."""
    engine = create_engine(place.database_url, size=5, wait_seconds=5, application="tests")
    channels = [grpc.aio.insecure_channel(address) for address in place.addresses]
    names = ("DATABASE_URL", "KEY_ENCRYPTION_KEY", "CACHE_URL", "TOKEN_STORE_URL")
    settings = settings_for(**{name.lower(): place.environment[f"YOYAKU_{name}"] for name in names})
    async with engine.watched():
        try:
            await finds_primary(engine)
            yield Fleet(Book(engine, Clock(datetime.now(UTC))), settings, place.addresses, [], channels)
        finally:
            for channel in channels:
                await channel.close()
            await engine.dispose()


async def finds_primary(engine: Engine) -> None:
    """Return when this process knows a primary, which it may find later than a worker does."""

    async def has_primary() -> bool:
        return not engine.is_primary_lost

    await until(has_primary)


@pytest.fixture(scope="package")
def place() -> Iterator[Town]:
    """A primary, a standby, Valkey and two workers."""
    with town() as built:
        yield built


@pytest.fixture
async def fleet(place: Town) -> AsyncIterator[Fleet]:
    """Its workers, and its book."""
    async with visiting(place) as there:
        yield there


@pytest.fixture
async def desk(place: Town, fleet: Fleet) -> Desk:
    """A desk in a town where the standby answers reads."""
    clinic = await fleet.book.clinic(max_per_patient_day=len(TIMES))
    doctor = await fleet.book.doctor(clinic, [("08:00", "20:00")])
    patient = await fleet.book.patient()
    accounts = [await fleet.clients("patient", patient_id=patient) for _ in range(2)]
    desk = Desk(place, doctor, patient, *accounts)
    await until(desk.is_answered_by_the_standby)
    return desk
