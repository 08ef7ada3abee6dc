"""A relay that hangs and refuses: bookings do not notice, and every notice goes out afterwards.

TEST_OUTAGE_SECONDS=60 makes each outage as long, at the written numbers.
"""

import asyncio
import os
import sys
import time
from statistics import quantiles

import pytest

from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, start_worker, stop_worker
from tests.fixtures.worker import settings_for
from tests.notifications.crowd import Crowd, crowd, delivered

SECONDS = float(os.environ.get("TEST_OUTAGE_SECONDS", "3"))
TIMEOUT = 1.0 if SECONDS < 60 else 3.0
QUICK = {"breaker_open_seconds": 1, "provider_timeout_seconds": TIMEOUT} if SECONDS < 60 else {}


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


async def booking_for(people: Crowd, seconds: float) -> list[float]:
    """Bookings one after another for some seconds, some twenty a second; how long each took."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        times.append(await people.book())
        await asyncio.sleep(max(0.03, seconds / 400))
    return times


async def test_a_relay_that_hangs_and_refuses_delays_no_booking_and_loses_no_notice(
    scene: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    people = await crowd(scene)
    worker = await start_worker(settings_for(database_url, **valkey_urls, smtp_url=relay.url, **QUICK))
    try:
        await people.book()
        await relay.arrived(1)
        quiet = await booking_for(people, SECONDS)
        relay.hangs, before = True, len(people.booked)
        hanging = await booking_for(people, SECONDS)
        # All of them ended before anything about them could go out.
        assert not delivered(relay).keys() & people.booked[before:]
        relay.hangs, relay.answers["*"] = False, "451 not now"
        refusing = await booking_for(people, SECONDS)
        relay.answers.clear()
        quiet += await booking_for(people, SECONDS)
        statuses = await people.settled(seconds=120)
    finally:
        await stop_worker(worker)
    ratios = [p95(times) / p95(quiet) for times in (hanging, refusing)]
    with capsys.disabled():
        sys.stdout.write(
            f"\nbooking p95 {p95(quiet) * 1000:.1f} ms; relay hanging x {ratios[0]:.2f}, refusing x {ratios[1]:.2f};"
            f" of {len(people.booked)} notices {dict(statuses)}\n"
        )
    assert statuses == {("sent", ""): len(people.booked)}
    assert delivered(relay) == dict.fromkeys(people.booked, 1)
    # While the relay hangs nothing ends before its timeout, so a booking that waited for it would take that long.
    assert max(p95(hanging), p95(refusing)) < TIMEOUT
