"""Three times as many calls as can be answered: those that are admitted are answered in time, the others at once."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import grpc

from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from yoyaku.v1.schedule_service_pb2 import SearchAvailableSlotsRequest, WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub

OVERLOAD_SECONDS = 6
IN_TIME_SECONDS = 2.5
"""The caller, who shares the cores, counts too. If all were admitted, those of the end would wait ten seconds."""
SEARCH = "/yoyaku.v1.ScheduleService/SearchAvailableSlots"


@dataclass
class Caller:
    """Sends one search again and again, as cheaply as Python can."""

    channel: grpc.aio.Channel
    stack: Stack
    seen: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of the calls that were answered."""

    def __post_init__(self) -> None:
        clinic = self.stack.clinic
        until = date.fromisoformat(clinic.day) + timedelta(days=6)
        search = SearchAvailableSlotsRequest(
            clinic_id=clinic.clinic, from_date=clinic.day, to_date=f"{until}", limit=50
        )
        self._request = search.SerializeToString()
        self._metadata = (("authorization", f"Bearer {clinic.tokens['staff']}"),)
        self._send: Any = self.channel.unary_unary(SEARCH)

    async def call(self) -> None:
        began = time.perf_counter()
        try:
            await self._send(self._request, metadata=self._metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            self.seen[error.code().name] += 1
        else:
            self.seen["OK"] += 1
            self.seconds.append(time.perf_counter() - began)

    async def closed(self, callers: int, seconds: float) -> float:
        """As many as are answered; how many a second."""
        until, before = time.perf_counter() + seconds, self.seen["OK"]

        async def repeat() -> None:
            while time.perf_counter() < until:
                await self.call()

        await asyncio.gather(*(repeat() for _ in range(callers)))
        return (self.seen["OK"] - before) / seconds

    async def opened(self, rate: float, seconds: float) -> None:
        """So many a second, whatever becomes of them."""
        began = time.perf_counter()
        calls: list[asyncio.Task[None]] = []
        while (passed := time.perf_counter() - began) < seconds:
            calls += [asyncio.create_task(self.call()) for _ in range(int(passed * rate) - len(calls))]
            await asyncio.sleep(0.01)
        await asyncio.gather(*calls)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


async def test_at_three_times_the_capacity_admitted_calls_are_answered_in_time(edge: Edge, stack: Stack) -> None:
    async with grpc.aio.insecure_channel(edge.url.removeprefix("http://")) as channel:
        capacity = await Caller(channel, stack).closed(callers=16, seconds=2)
        overload = Caller(channel, stack)
        await overload.opened(3 * capacity, OVERLOAD_SECONDS)
        assert set(overload.seen) == {"OK", "RESOURCE_EXHAUSTED"}
        # Without a limit nearly none would be in time; other tests may take most of the cores meanwhile.
        assert overload.seen["OK"] > capacity * OVERLOAD_SECONDS / 6
        assert percentile(overload.seconds, 0.95) < IN_TIME_SECONDS
        await Caller(channel, stack).opened(capacity / 3, 4)
        later = Caller(channel, stack)
        await later.opened(capacity / 3, 1)
        assert set(later.seen) == {"OK"}
        assert percentile(later.seconds, 0.95) < IN_TIME_SECONDS


async def test_streams_take_no_place_of_calls(edge: Edge, stack: Stack) -> None:
    request = WatchSlotsRequest(doctor_ids=[stack.clinic.doctor], date=stack.clinic.day)
    async with grpc.aio.insecure_channel(edge.url.removeprefix("http://")) as channel:
        metadata = (("authorization", f"Bearer {stack.clinic.tokens['system']}"),)
        watches: list[Any] = [ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata) for _ in range(200)]
        for watch in watches:
            assert (await watch.read()).day.doctor_id == stack.clinic.doctor
        caller = Caller(channel, stack)
        await caller.closed(callers=4, seconds=0.5)
        assert set(caller.seen) == {"OK"}
        for watch in watches:
            watch.cancel()
