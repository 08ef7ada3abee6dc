"""Makes the calls of a day, each at its moment, whatever becomes of those before: an open loop.

`python -m tests.bench.day.load PLAN RESULT` reads a LoadPlan and writes a Tally. It prints a line when the warm-up is
over, and another when the last measured call has ended.
"""

import asyncio
import gc
import json
import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.day.connection import Connection
from tests.bench.day.crowd import Crowd, Request, Session
from tests.bench.day.tally import SLOT_TAKEN, Tally

HOST = "127.0.0.1"
_PATIENCE_SECONDS = 10
_MOST_COMPLAINTS = 5
_CONNECTING_AT_ONCE = 50
_POSSIBLE = {"create": {SLOT_TAKEN, "PATIENT_BUSY", "DAILY_LIMIT_REACHED"}}
"""Refusals that another call of the run may have brought about."""


@dataclass(frozen=True)
class LoadPlan:
    """What to do."""

    port: int
    rate: float
    """Calls a second, of all sessions together."""
    warm_up: float
    seconds: float
    sessions: list[dict[str, Any]]
    seed: int
    """The same one makes the same requests, which would be answered as those before were."""


class Load:
    """A run."""

    def __init__(self, plan: LoadPlan, connections: list[Connection]) -> None:
        self._chance = random.Random(plan.seed)
        self._crowd = Crowd([Session(**each) for each in plan.sessions], self._chance)
        self._plan = plan
        self._connections = connections
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.tally = Tally(booked=self._crowd.booked, cancelled=self._crowd.cancelled)

    async def run(self) -> None:
        """Warm up, then measure."""
        await self._calls(self._plan.warm_up, Tally())
        _say("measuring")
        await self._calls(self._plan.seconds, self.tally)
        _say("measured")

    async def _calls(self, seconds: float, tally: Tally) -> None:
        planned = time.perf_counter()
        ends = planned + seconds
        while planned < ends:
            if (early := planned - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            tally.late.append(time.perf_counter() - planned)
            self._start(planned, tally)
            planned += self._chance.expovariate(self._plan.rate)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _PATIENCE_SECONDS)

    def _start(self, planned: float, tally: Tally) -> None:
        request = self._crowd.next()
        self._open += 1
        self._idle.clear()
        tally.calls[request.kind].planned += 1
        answered = partial(self._answered, request, planned, tally)
        self._connections[request.session].ask(request.content, answered)

    def _answered(self, request: Request, planned: float, tally: Tally, status: int, body: bytes) -> None:
        took = time.perf_counter() - planned
        self._open -= 1
        if not self._open:
            self._idle.set()
        calls = tally.calls[request.kind]
        if status in {200, 201}:
            calls.seconds.append(took)
            request.done(body)
            return
        reason = _reason(body) or str(status)
        possible = reason in _POSSIBLE.get(request.kind, ())
        counts = calls.refusals if possible else calls.errors
        counts[reason] = counts.get(reason, 0) + 1
        if not possible and len(tally.complaints) < _MOST_COMPLAINTS:
            tally.complaints.append(f"{request.kind}: {status} {body.decode(errors='replace')[:300]}")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _reason(body: bytes) -> str:
    try:
        details = json.loads(body)["details"]
    except (ValueError, KeyError):
        return ""
    return next((each["reason"] for each in details if "reason" in each), "")


async def connected(port: int, count: int) -> list[Connection]:
    """Open so many connections."""
    loop, connections = asyncio.get_running_loop(), list[Connection]()
    while (left := count - len(connections)) > 0:
        made = [loop.create_connection(Connection, HOST, port) for _ in range(min(left, _CONNECTING_AT_ONCE))]
        connections += [protocol for _, protocol in await asyncio.gather(*made)]
    return connections


async def _main(plan: LoadPlan, result: Path) -> None:
    load = Load(plan, await connected(plan.port, len(plan.sessions)))
    # What is made from here on is kept to the end, or holds no cycles.
    gc.freeze()
    gc.disable()
    await load.run()
    load.tally.write(result)


if __name__ == "__main__":
    uvloop.run(_main(LoadPlan(**json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2])))
