"""`make ha-drill`: each loss of ops/drills/losses.py under load, as callers see it, and the table of docs/ha.md."""

import argparse
import asyncio
import itertools
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from ops.drills.losses import LOSSES
from tests.faults.conftest import visiting
from tests.faults.ha_town import HaTown, ha_town
from tests.faults.load import Load, load
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from yoyaku.v1 import schedule_service_pb2 as pb

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ha.md"
HEAD = """\
| what happens | seconds without writes | acknowledged writes lost | failed reads | longest silence of a stream, s |
| --- | ---: | ---: | ---: | ---: |
"""
_TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
_SECONDS = 3.0
"""Of undisturbed load, before and after."""
_PATIENTS = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What callers saw of a loss; `flaws` are answers that contradict each other or the appointment book."""

    without_writes: float
    writes: int
    lost: int
    reads: int
    failed_reads: int
    silence: float
    """The longest time in seconds in which a stream showed no change, though patients kept asking for changes."""
    flaws: Sequence[str]

    def row(self, what: str) -> str:
        """Its line in the table."""
        return (
            f"| {what} | {self.without_writes:.1f} | {self.lost} of {self.writes}"
            f" | {self.failed_reads} of {self.reads + self.failed_reads} | {self.silence:.1f} |"
        )


async def measured(place: HaTown, fleet: Fleet, name: str, days_ahead: int) -> Outcome:
    """Run one loss under load."""
    [*clients] = await fleet.clients("admin")
    async with load(fleet, patients=_PATIENTS, days_ahead=days_ahead) as running, _watched(clients, running) as shown:
        await asyncio.sleep(_SECONDS)
        await LOSSES[name](place)
        await running.serves_again()
        await asyncio.sleep(_SECONDS)
        for times in shown:
            times.append(time.monotonic())
    notes = running.notes
    return Outcome(
        without_writes=notes.seconds_without_writes(),
        writes=len(notes.written_at),
        lost=len(notes.history.lost(await running.book())),
        reads=len(notes.history.listings),
        failed_reads=notes.failed_reads,
        silence=max(later - earlier for times in shown for earlier, later in itertools.pairwise(times)),
        flaws=await running.contradictions(),
    )


@asynccontextmanager
async def _watched(clients: Sequence[Client], running: Load) -> AsyncIterator[list[list[float]]]:
    """A stream of each doctor's day at each worker: when each showed a change."""
    streams = list(itertools.product(clients, running.doctor_ids))
    shown: list[list[float]] = [[time.monotonic()] for _ in streams]
    following = [
        asyncio.create_task(_follow(client, doctor_id, running.date, times))
        for (client, doctor_id), times in zip(streams, shown, strict=True)
    ]
    yield shown
    for task in following:
        task.cancel()
    await asyncio.wait(following)


async def _follow(client: Client, doctor_id: str, date: str, times: list[float]) -> None:
    """Watch until cancelled; a stream that ends is asked for again, as clients do."""
    request = pb.WatchSlotsRequest(doctor_ids=[doctor_id], date=date)
    while True:
        call: Any = client.schedules.WatchSlots(request, metadata=client.metadata)
        try:
            async for message in call:
                if message.HasField("day"):
                    times += [time.monotonic()]
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.2)


async def drill(names: Sequence[str]) -> tuple[dict[str, Outcome], list[str]]:
    """Run losses one after the other; what was measured, and what must not be."""
    outcomes: dict[str, Outcome] = {}
    wrong: list[str] = []
    with ha_town() as place:
        async with visiting(place) as fleet:
            for number, name in enumerate(names):
                found = outcomes[name] = await measured(place, fleet, name, days_ahead=3 + number)
                print(found.row(name), flush=True)
                wrong += [f"{name}: {flaw}" for flaw in found.flaws]
    return outcomes, wrong


def table(outcomes: dict[str, Outcome]) -> str:
    """The table of docs/ha.md."""
    rows = (found.row((LOSSES[name].__doc__ or name).removesuffix(".")) for name, found in outcomes.items())
    return HEAD + "".join(f"{row}\n" for row in rows)


def main() -> None:
    """Exit code 1 if an acknowledged write was lost or answers contradict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("losses", nargs="*", choices=[*LOSSES, []], metavar="LOSS", help=", ".join(LOSSES))
    names = parser.parse_args().losses or [*LOSSES]
    outcomes, wrong = asyncio.run(drill(names))
    if outcomes.keys() == LOSSES.keys():
        PAGE.write_text(_TABLE.sub(lambda _: table(outcomes), PAGE.read_text()))
    for each in wrong:
        print(each, file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
