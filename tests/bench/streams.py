"""Fan-out: what a change of a day costs for each stream that follows it, how fast it arrives, what a stream holds."""

import asyncio
import json
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from rich.table import Table

from server.config import Settings
from server.domain import stream_limits
from server.domain.identity import Role
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.servers import workers
from server.wiring import wired
from tests.bench import cpu, parts
from tests.bench.bare_streams import TELL, WATCH
from tests.bench.calls import CREATE
from tests.bench.clinic import Clinic
from tests.bench.mixed import CANCEL, mixed
from tests.bench.parts import Target
from tests.bench.targets import fill, token_of
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import CancelAppointmentRequest, CreateAppointmentResponse
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

_PATH = "/yoyaku.v1.ScheduleService/WatchSlots"
# Enough messages for the clock of /proc, which counts hundredths of a second.
_CHANGES = {500: 60, 5_000: 12}
_PATIENCE_SECONDS = 60


@dataclass
class Fanout:
    """What was measured of one program at one number of streams."""

    name: str
    streams: int
    open_seconds: float
    kilobytes: float
    microseconds: float = 0.0
    delays: list[list[float]] = field(default_factory=list)
    """Of each change, in milliseconds: until half, until 99 %, until all streams had it."""


def measure(scratch: Path, say: Callable[[str], None]) -> list[Table]:
    """Start two workers and measure. Raises LocalError."""
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch)
        server.query("CREATE DATABASE bench")
        settings = parts.settings(stack, scratch, server.url("bench"))
        clinic = asyncio.run(fill(settings))
        token = asyncio.run(token_of(settings, clinic.staff_id))
        readers = asyncio.run(readers_of(settings, max(_CHANGES)))
        found = []
        for streams in _CHANGES:
            with ExitStack() as inner:
                ours = [parts.worker(inner, settings, scratch, f"worker-{streams}-{number}") for number in (1, 2)]
                say(f"{streams} streams on two workers")
                measured, day = _ours(ours, clinic, (token, readers), streams, scratch)
                found.append(measured)
            (scratch / "day").write_bytes(day)
            with ExitStack() as inner:
                say(f"{streams} streams on two bare handlers")
                found.append(_bare([_bare_target(inner, scratch, number) for number in (1, 2)], streams, scratch))
        say("a mixed day")
        return [_table(found), asyncio.run(mixed(settings, clinic, token, scratch))]


async def readers_of(settings: Settings, streams: int) -> list[str]:
    """Tokens of as many hospital systems as it takes to have so many streams open."""
    async with wired(settings) as wiring:
        book = Book(wiring.engine, Clock(datetime.now(UTC)))
        accounts = [await book.account("system") for _ in range(streams // stream_limits.OF_ACCOUNT[Role.SYSTEM])]
        return [str(await wiring.tokens.issue(each)) for each in accounts]


def _ours(
    ours: list[Target], clinic: Clinic, tokens: tuple[str, list[str]], streams: int, scratch: Path
) -> tuple[Fanout, bytes]:
    """What was measured, and the bytes of the day; the first token books, the others follow."""
    token, readers = tokens
    booking = next(clinic.bookings)
    day = f"{booking.start_at:%Y-%m-%d}"
    request = WatchSlotsRequest(doctor_ids=[booking.doctor.id], date=day).SerializeToString()
    channel = grpc.insecure_channel(f"{HOST}:{ours[0].port}")
    metadata = (("authorization", f"Bearer {token}"),)
    create: Any = channel.unary_unary(CREATE.path)
    cancel: Any = channel.unary_unary(CANCEL)
    watch: Any = channel.unary_stream(_PATH)
    whole: bytes = next(watch(request, metadata=metadata, timeout=10))

    booked: list[str] = []

    def change(_: int) -> None:
        """Book a slot of the day that is watched, or cancel it again."""
        if booked:
            asked = CancelAppointmentRequest(appointment_id=booked.pop())
            cancel(asked.SerializeToString(), metadata=metadata, timeout=20)
        else:
            answer = create(booking.message(), metadata=metadata, timeout=20)
            booked.append(CreateAppointmentResponse.FromString(answer).appointment.id)

    pids = [pid for target in ours for pid in target.pids]
    for number in range(4):
        change(number)
    before = cpu.seconds(pids)
    for number in range(_CHANGES[streams]):
        change(number)
    alone = cpu.seconds(pids) - before
    measured = _followed("yoyaku", ours, streams, (_PATH, request, readers), change, scratch)
    measured.microseconds -= alone / _CHANGES[streams] / streams * 1e6
    channel.close()
    return measured, whole


def _bare_target(stack: ExitStack, scratch: Path, number: int) -> Target:
    [port] = ports.free(1)
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.bare_streams", str(port), scratch / "day"]
    return parts.started(stack, command, port, scratch / f"bare-{number}.log")


def _bare(bare: list[Target], streams: int, scratch: Path) -> Fanout:
    channels = [grpc.insecure_channel(f"{HOST}:{target.port}") for target in bare]
    tells: list[Any] = [channel.unary_unary(TELL) for channel in channels]

    def change(_: int) -> None:
        for tell in tells:
            tell(b"", timeout=20)

    measured = _followed("bare", bare, streams, (WATCH, b"", [""]), change, scratch)
    for channel in channels:
        channel.close()
    return measured


def _followed(
    name: str,
    targets: list[Target],
    streams: int,
    call: tuple[str, bytes, list[str]],
    change: Callable[[int], None],
    scratch: Path,
) -> Fanout:
    pids = [pid for target in targets for pid in target.pids]
    empty, began = _kilobytes(pids), time.time()
    with _reading(targets, streams, call, scratch) as reader:
        opened = _line(reader)[2] - began
        measured = Fanout(name, streams, opened, (_kilobytes(pids) - empty) / streams)
        time.sleep(1)
        before = cpu.seconds(pids)
        for number in range(_CHANGES[streams]):
            sent = time.time()
            change(number)
            measured.delays.append([(at - sent) * 1e3 for at in _line(reader)])
        measured.microseconds = (cpu.seconds(pids) - before) / _CHANGES[streams] / streams * 1e6
    return measured


@contextmanager
def _reading(
    targets: list[Target], streams: int, call: tuple[str, bytes, list[str]], scratch: Path
) -> Iterator["subprocess.Popen[str]"]:
    path, request, tokens = call
    body, file = scratch / "request", scratch / "tokens"
    body.write_bytes(request)
    file.write_text("\n".join(tokens))
    at = ",".join(str(target.port) for target in targets)
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.reader", at, str(streams), path, body, file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=workers.ROOT) as reader:
        try:
            yield reader
        finally:
            reader.terminate()


def _line(reader: "subprocess.Popen[str]") -> list[float]:
    """The reader's next line. AssertionError if some stream has nothing to tell for too long."""
    assert reader.stdout
    ready, _, _ = select.select([reader.stdout], [], [], _PATIENCE_SECONDS)
    assert ready, "a stream hangs"
    quantiles: list[float] = json.loads(reader.stdout.readline())
    return quantiles


def _kilobytes(pids: list[int]) -> float:
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(float(re.findall(r"VmRSS:\s+(\d+)", text)[0]) for text in texts)


def _table(found: list[Fanout]) -> Table:
    table = Table(title="A day changes; its streams are on two processes", title_justify="left")
    for name in ("program", "streams", "all open after s", "kB a stream", "CPU us a message", "x bare",
                 "p50 ms", "p99 ms", "last ms"):  # fmt: skip
        table.add_column(name, justify="right")
    bare = {each.streams: each.microseconds for each in found if each.name == "bare"}
    for each in found:
        delays = [f"{median(change[index] for change in each.delays):,.0f}" for index in range(3)]
        ratio = f"{each.microseconds / bare[each.streams]:.2f}"
        table.add_row(each.name, f"{each.streams:,}", f"{each.open_seconds:.1f}", f"{each.kilobytes:.0f}",
                      f"{each.microseconds:.0f}", ratio, *delays)  # fmt: skip
    return table
