"""One scrape address for all processes of a task."""

import asyncio
import os
import socket
import time
import urllib.request
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry

from server.local.processes import ports
from server.telemetry.exposition import answers, exposed
from server.telemetry.snapshot import Snapshot
from tests.fixtures.callers import refusal
from tests.fixtures.waiting import eventually, until
from tests.fixtures.workers import Fleet
from yoyaku.v1 import schedule_service_pb2 as pb


async def scrape(fleet: Fleet, method: str = "", calls: int = 0) -> Snapshot:
    """What Prometheus finds once both processes are there, and have counted so many calls of a method."""

    async def found() -> Snapshot | None:
        snapshot = await asyncio.to_thread(scraped, fleet.metrics)
        both = len(snapshot.by("yoyaku_build_info", "process")) == 2
        counted = snapshot.by("yoyaku_calls_total", "rpc_method").get((method,), 0)
        return snapshot if both and counted >= calls else None

    snapshot = await until(found)
    assert snapshot
    return snapshot


def scraped(url: str) -> Snapshot:
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310  # our own
            return Snapshot.of(answer.read().decode())
    except OSError:
        return Snapshot()


async def test_one_address_has_the_metrics_of_all_processes_even_when_the_one_that_answers_is_killed(
    fleet: Fleet,
) -> None:
    clinic = await fleet.book.clinic()
    doctor = await fleet.book.doctor(clinic)
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    for client, calls in zip(await fleet.clients("staff", clinic_ids=[clinic]), (2, 3), strict=True):
        for _ in range(calls):
            await client(client.schedules.ListAvailableSlots, pb.ListAvailableSlotsRequest(doctor_id=doctor, date=day))
    before = await scrape(fleet, "ListAvailableSlots", 5)
    slots = before.by("rpc_server_call_duration_seconds_count", "rpc_method", "process")
    assert sorted(count for (method, _), count in slots.items() if method == "ListAvailableSlots") == [2, 3]
    assert before.by("yoyaku_cache_reads_total", "cache")["day",] == 5

    # Whichever answers, one of these two kills is of it.
    for number in (0, 1):
        await fleet.restart(number)
        after = await scrape(fleet)
        assert min(after.by("yoyaku_valkey_up", "process", "use").values()) == 1


def test_a_scrape_tells_when_a_killed_process_was_last_alive_until_another_takes_its_place(short_path: Path) -> None:
    def silent() -> dict[tuple[str, ...], float]:
        assert eventually(lambda: scraped(url).samples)
        return scraped(url).by("yoyaku_process_silent_since_timestamp_seconds", "process")

    url = f"http://127.0.0.1:{ports.free(1)[0]}/metrics"
    address = urlsplit(url).netloc
    killed = short_path / "notifications-7.sock"
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(killed))
    with exposed(CollectorRegistry(), address, str(short_path), "server-1"):
        assert answers(str(short_path), "server-1")
        assert not answers(str(short_path), "notifications-7")
        os.utime(killed, (1e9, 1e9))
        assert silent() == {("notifications-7",): 1e9}
        alive = short_path / "server-1.sock"
        os.utime(alive, (1e9, 1e9))
        assert eventually(lambda: alive.stat().st_mtime > 1e9)
        # It was killed just now, and is not taken for dead before a minute has passed.
        last = time.time() - 1
        os.utime(killed, (last, last))
        with exposed(CollectorRegistry(), address, str(short_path), "notifications-8"):
            assert silent()
            os.utime(killed, (1e9, 1e9))
            assert eventually(lambda: silent() == {})
        assert silent() == {}


async def test_outcomes_are_counted_by_their_reasons(fleet: Fleet) -> None:
    (client, _) = await fleet.clients("staff", clinic_ids=[await fleet.book.clinic()])
    nobody = pb.ListAvailableSlotsRequest(doctor_id=str(uuid.uuid4()), date="2026-03-02")
    assert (await refusal(client(client.schedules.ListAvailableSlots, nobody))).reason == "DOCTOR_NOT_FOUND"
    outcomes = (await scrape(fleet, "ListAvailableSlots", 1)).by("yoyaku_calls_total", "rpc_method", "outcome")
    assert outcomes["ListAvailableSlots", "DOCTOR_NOT_FOUND"] == 1
