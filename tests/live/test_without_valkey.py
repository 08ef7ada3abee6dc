"""Days, streams and profiles while Valkey is away, or hangs."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import states, watch
from tests.live import test_profiles as profiles


@pytest.fixture(params=["away", "hanging"])
async def valkey_urls(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, str]]:
    """No Valkey, or one that takes connections and says nothing."""
    if request.param == "away":
        yield {}
        return

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield dict.fromkeys(("cache_url", "token_store_url"), f"redis://127.0.0.1:{port}/0")
    server.close()


async def test_streams_and_lists_go_on_from_the_database(scene: Scene) -> None:
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        booked = await scene.book_slot("10:00")
        day = await reader.day(scene.doctor_id, lambda day: day.revision == booked.revision)
        assert states(day)["10:00"] == "taken"
    assert "10:00" not in await scene.free()


async def test_one_wait_is_enough_for_all(scene: Scene) -> None:
    doctors = [await scene.book.doctor(scene.clinic_id) for _ in range(40)]
    await scene.slots()
    began = time.monotonic()
    for doctor in doctors:  # none of them is in memory
        await scene.slots(doctor_id=doctor)
    # A connection takes 0.25 s to fail and an answer 0.5 s: forty waits would be over ten seconds.
    assert time.monotonic() - began < 6


async def test_who_changes_a_profile_reads_the_change(scene: Scene) -> None:
    await scene.slots()
    began = time.monotonic()
    for number in range(10):
        await profiles.call_doctor(scene, f"Specialty {number}")
        assert (await profiles.doctor(scene)).specialty == f"Specialty {number}"
        await profiles.change_patient(scene, name=f"Sato {number}")
        assert (await profiles.patient(scene)).name == f"Sato {number}"
    # A wait in each of these sixty calls of the cache would be fifteen seconds, or thirty.
    assert time.monotonic() - began < 10
