"""Spans of calls: of which calls, what they say, and what becomes of them while the collector is away."""

import asyncio
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from server.local.processes import ports
from server.telemetry import call_spans, metrics, requests, traces
from server.telemetry.exporting import MOST_WAITING, exported
from server.telemetry.exposition import exposed
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.collector import Collector, Span, collecting
from tests.fixtures.waiting import eventually, until
from tests.fixtures.watching import watch
from tests.fixtures.worker import Client
from yoyaku.v1.appointment_service_pb2 import CreateAppointmentRequest

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MARK = "Beschwerde-7391"
MANY = 6_000
SERVER = 2
FAREWELL_SECONDS = 4.0


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that gets the spans of this process."""
    requests.watch()
    with collecting() as collector, exported(collector.url, "yoyaku-server"):
        yield collector
    traces.call_arrived({})  # tests without an event loop share their variables


def traced(client: Client, *, sampled: bool, **headers: str) -> None:
    """Let the calls of a client arrive with a traceparent, as from Envoy."""
    known = (("traceparent", f"00-{TRACE}-{PARENT}-0{int(sampled)}"), *headers.items())
    client.metadata = (*client.metadata, *known)


async def spans(collector: Collector, name: str) -> list[Span]:
    """The spans of the trace, once the one of that name has arrived."""

    async def arrived() -> list[Span]:
        found = collector.trace(TRACE)
        return found if any(each.name == name for each in found) else []

    return await until(arrived)


async def test_a_sampled_booking_shows_its_steps_and_nothing_about_anybody(scene: Scene, collector: Collector) -> None:
    traced(scene.staff, sampled=True)
    await scene.book_slot("10:00", scene.staff, reason=MARK)
    refused = await refusal(scene.book_slot("10:00", scene.staff, patient_id=scene.other_id, reason=MARK))
    assert refused.reason == "SLOT_TAKEN"
    create = "yoyaku.v1.AppointmentService/CreateAppointment"
    done, not_done = [each for each in await spans(collector, create) if each.name == create]
    assert {done.parent, not_done.parent} == {PARENT}
    assert done.attributes == {
        "rpc.system.name": "grpc", "rpc.method": create, "rpc.response.status_code": "OK",
    }  # fmt: skip
    # A mistake of the caller is no failure of the server.
    assert not_done.attributes["rpc.response.status_code"] == "ALREADY_EXISTS"
    assert not_done.attributes["error.type"] == "SLOT_TAKEN"
    assert not not_done.failed
    found = collector.trace(TRACE)
    assert {"appointments.book", "plan", "lock and read", "write"} <= {each.name for each in found}
    statements = " ".join(str(each.attributes.get("db.query.summary")) for each in found)
    for name in ("days.raise_revisions", "appointments.insert", "feed.add", "COMMIT"):
        assert name in statements
    assert {name for each in found for _, name, _ in each.events} <= {"caller known", "request read"}
    everything = b"".join(collector.messages)
    for secret in (MARK, scene.patient_id, scene.other_id, "Sato", "10:00"):
        assert secret.encode() not in everything


async def test_a_call_that_is_not_sampled_leaves_a_span_only_if_it_failed_or_was_slow(
    scene: Scene, collector: Collector
) -> None:
    traced(scene.patient, sampled=False)
    await scene.book_slot("10:00")
    assert (await refusal(scene.book_slot("10:00"))).reason == "SLOT_TAKEN"
    async with scene.book.locked("appointments"):
        booking = asyncio.create_task(scene.book_slot("11:00"))
        await until(scene.book.waits_for_a_lock)
        await asyncio.sleep(1.1)
    await booking
    (slow,) = await spans(collector, "yoyaku.v1.AppointmentService/CreateAppointment")
    assert slow.milliseconds > 1_000
    assert (slow.parent, slow.failed, slow.attributes["rpc.response.status_code"]) == (PARENT, False, "OK")

    request = CreateAppointmentRequest(
        patient_id=scene.patient_id, doctor_id=scene.doctor_id, date=TUESDAY, time_slot="09:00"
    )
    async with scene.book.locked("appointments"):
        late = await refusal(scene.patient(scene.patient.appointments.CreateAppointment, request, seconds=0.8))
    assert late.reason == "DEADLINE_PASSED"

    async def failed() -> list[Span]:
        return [each for each in collector.trace(TRACE) if each.failed]

    (failure,) = await until(failed)
    assert failure.attributes["error.type"] == "DEADLINE_PASSED"
    assert len(collector.spans) == 2


async def test_a_stream_is_one_span_with_an_event_for_each_batch_of_messages(
    scene: Scene, collector: Collector
) -> None:
    traced(scene.staff, sampled=True)
    async with watch(scene.staff, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        await asyncio.sleep(0.05)  # what is sent within 0.02 s is one batch
        booked = await scene.book_slot("10:00")
        await reader.day(scene.doctor_id, lambda day: day.revision == booked.revision)
    found = await spans(collector, "yoyaku.v1.ScheduleService/WatchSlots")
    (stream,) = [each for each in found if each.kind == SERVER]
    assert stream.attributes["rpc.response.status_code"] == "CANCELLED"
    assert {name for _, name, _ in stream.events} == {"messages sent"}
    assert len(stream.events) >= 2
    assert sum(int(values["yoyaku.messages"]) for _, _, values in stream.events) == len(reader.messages)


@pytest.mark.parametrize("listens", [False, True], ids=["dead", "hanging"])
async def test_while_the_collector_is_away_nothing_waits_and_what_is_dropped_is_counted(
    scene: Scene, *, listens: bool
) -> None:
    requests.watch()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if listens:
            listener.listen()  # and never answers
        before = dropped()
        with exported(f"http://127.0.0.1:{listener.getsockname()[1]}", "yoyaku-server"):
            traced(scene.patient, sampled=True)
            took = []
            for _ in range(40):
                began = time.perf_counter()
                await scene.slots()
                took.append(time.perf_counter() - began)
            traces.call_arrived({"traceparent": f"00-{TRACE}-{PARENT}-01"})
            began = time.perf_counter()
            for _ in range(MANY):
                traces.request_ended("days.offer", 0.001, dict)
            each = (time.perf_counter() - began) / MANY
            assert dropped() - before >= MANY - 2 * MOST_WAITING
            began = time.perf_counter()
        assert time.perf_counter() - began < FAREWELL_SECONDS
        assert eventually(lambda: all(thread.name != "last spans" for thread in threading.enumerate()))
    assert sorted(took)[20] < 0.1
    assert each < 0.001


def dropped() -> float:
    """How many spans were dropped from the full queue."""
    (family,) = metrics.SPANS.collect()
    return sum(sample.value for sample in family.samples if sample.labels.get("outcome") == "dropped")


async def test_histograms_name_traces_to_look_at(scene: Scene, collector: Collector, short_path: Path) -> None:
    traced(scene.patient, sampled=True)
    await scene.book_slot("10:00")
    address = f"127.0.0.1:{ports.free(1)[0]}"
    with exposed(metrics.REGISTRY, address, str(short_path), "server-1"):

        async def named(metric: str) -> bool:
            page = await asyncio.to_thread(scraped, f"http://{address}/metrics")
            lines = [line for line in page.splitlines() if line.startswith(metric)]
            return any(f'# {{trace_id="{TRACE}"}}' in line for line in lines)

        for metric in ("rpc_server_call_duration_seconds_bucket", "db_client_operation_duration_seconds_bucket"):
            assert await until(partial(named, metric))


def scraped(url: str) -> str:
    """What Prometheus gets."""
    asked = urllib.request.Request(url, headers={"Accept": "application/openmetrics-text; version=1.0.0"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked) as answer:  # noqa: S310  # our own
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


@pytest.mark.parametrize("sampled", [False, True])
def test_the_header_of_aws_is_taken_where_that_is_set(*, sampled: bool) -> None:
    header = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled={int(sampled)}"
    with collecting() as collector, exported(collector.url, "yoyaku-server", xray=True):
        assert traces.call_arrived({"x-amzn-trace-id": header}) is sampled
        assert traces.trace_id() == TRACE
        with traces.span("begins here"):
            pass
    assert len(collector.spans) == sampled
    with collecting() as collector, exported(collector.url, "yoyaku-server"):
        assert not traces.call_arrived({"x-amzn-trace-id": header})
        assert traces.trace_id() is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f'00-{TRACE}-{PARENT}-01"',
        f"01-{TRACE}",
    ],
)
def test_a_header_that_names_no_trace_is_ignored(header: str, collector: Collector) -> None:
    assert not traces.call_arrived({"traceparent": header})
    assert traces.trace_id() is None


def test_a_long_stream_keeps_its_last_events_only(collector: Collector) -> None:
    assert traces.call_arrived({"traceparent": f"00-{TRACE}-{PARENT}-01"})
    with call_spans.call_span("/yoyaku.v1.ScheduleService/WatchSlots", ""), call_spans.batches() as sent:
        for size in range(80):
            sent(size)
            time.sleep(0.021)
    (span,) = eventually(lambda: collector.trace(TRACE))
    assert [values["yoyaku.bytes"] for _, _, values in span.events] == [*range(16, 80)]


def test_a_call_refers_to_its_callers_own_trace(collector: Collector) -> None:
    assert traces.call_arrived({"traceparent": f"00-{TRACE}-{PARENT}-01"})
    theirs = "0af7651916cd43dd8448eb211c80319c"
    with call_spans.call_span("/yoyaku.v1.ScheduleService/WatchSlots", f"00-{theirs}-{PARENT}-01"):
        pass
    (span,) = eventually(lambda: collector.trace(TRACE))
    assert span.links == [theirs]
