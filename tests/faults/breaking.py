"""What is done to a town under load; each returns when the town is whole again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import transact
from tests.faults.town import WORKERS, Town
from tests.fixtures.workers import Fleet

HELD_SECONDS = 4
"""The longest wait of a statement for a lock; calls give up waiting for a connection before."""

Fault = Callable[[Town, Fleet], Awaitable[None]]


async def kill(name: str, place: Town, _: Fleet) -> None:
    """Kill -9, and start again."""
    place.parts[name].kill()
    await place.parts[name].start_again()


async def kill_by_turns(place: Town, fleet: Fleet) -> None:
    """Kill each worker, the second when the first has been back for a while: whoever has a stream loses it."""
    for name in WORKERS:
        await kill(name, place, fleet)
        await asyncio.sleep(3)


async def hang(name: str, place: Town, _: Fleet) -> None:
    """Stop a part with all of its processes for some seconds; its connections stay."""
    place.parts[name].send(signal.SIGSTOP)
    await asyncio.sleep(3)
    place.parts[name].send(signal.SIGCONT)


async def stop_replay(place: Town, _: Fleet) -> None:
    """Let the standby fall behind for some seconds."""
    standby = place.servers[1]
    standby.query("SELECT pg_wal_replay_pause()")
    await asyncio.sleep(3)
    standby.query("SELECT pg_wal_replay_resume()")


async def fill_pools(_: Town, fleet: Fleet) -> None:
    """Have every write wait for a lock, until connections run out."""

    async def hold(pg: Connection) -> None:
        await (await pg.execute("LOCK TABLE schedule_days IN ACCESS EXCLUSIVE MODE")).fetchall()
        await asyncio.sleep(HELD_SECONDS)

    await transact(fleet.book.engine, hold)


FAULTS: dict[str, Fault] = {
    **{f"{name} killed": partial(kill, name) for name in ("primary", "standby_1", "valkey", "worker-1", "worker-2")},
    "workers killed by turns": kill_by_turns,
    "standby_1 hangs": partial(hang, "standby_1"),
    "valkey hangs": partial(hang, "valkey"),
    "replay stands still": stop_replay,
    "pools are full": fill_pools,
}
