"""What `make ha-drill` does to three PostgreSQL servers under Patroni; each returns when all three serve again."""

import asyncio
import http.client
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from server.local.servers.patroni import STOP_SECONDS, ClusterNode
from tests.faults.ha_town import HaTown

FROZEN_SECONDS = 60.0
"""Three times as long as a silent node keeps its place."""
AWAY_SECONDS = 30.0
UPGRADE_TO = "UPGRADE_TO"
"""A directory with PostgreSQL's programs of a newer minor release; PG_BIN names those of the older one."""

Loss = Callable[[HaTown], Awaitable[None]]


async def postgres_killed(place: HaTown) -> None:
    """Kill -9 of the primary's PostgreSQL; its Patroni runs on."""
    old = await place.leader()
    place.send_postgres(old, signal.SIGKILL)
    await place.leader(other_than=old)
    await place.is_whole()


async def node_killed(place: HaTown) -> None:
    """Kill -9 of the primary and of its Patroni, as if the machine had lost power; it comes back after the election."""
    old = await place.leader()
    place.kill_node(old)
    await place.leader(other_than=old)
    await place.start_node(old)
    await place.is_whole()


async def node_frozen(place: HaTown) -> None:
    """The primary and its Patroni frozen for a minute, as a virtual machine that is being moved."""
    old = await place.leader()
    place.send_node(old, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_SECONDS)
    place.send_node(old, signal.SIGCONT)
    await place.is_whole()


async def patroni_frozen(place: HaTown) -> None:
    """Only the primary's Patroni frozen for a minute: PostgreSQL goes on as a primary that nobody stops."""
    old = await place.leader()
    place.part(old).send(signal.SIGSTOP)
    await asyncio.sleep(FROZEN_SECONDS)
    place.part(old).send(signal.SIGCONT)
    await place.is_whole()


async def leader_cut_off(place: HaTown) -> None:
    """The primary's node cannot reach etcd; the other nodes can, and hear it."""
    line = place.lines[(await place.leader()).server.name]
    line.cut()
    await asyncio.sleep(AWAY_SECONDS)
    line.mend()
    await place.is_whole()


async def etcd_frozen(place: HaTown) -> None:
    """Nobody can reach etcd."""
    place.parts["etcd"].send(signal.SIGSTOP)
    await asyncio.sleep(AWAY_SECONDS)
    place.parts["etcd"].send(signal.SIGCONT)
    await place.is_whole()


async def replicas_killed(place: HaTown) -> None:
    """Kill -9 of both replicas and their Patronis; they come back."""
    replicas = await place.replicas()
    for node in replicas:
        place.kill_node(node)
    await asyncio.sleep(AWAY_SECONDS)
    for node in replicas:
        await place.start_node(node)
    await place.is_whole()


async def switched_over(place: HaTown) -> None:
    """A switchover by hand."""
    await _switch_over(place, await place.leader())
    await place.is_whole()


async def restarted_in_turn(place: HaTown) -> None:
    """Each server restarted, the replicas first, as for a minor release of PostgreSQL: one switchover."""
    leader = await place.leader()
    for node in await place.replicas():
        await _restart(place, node)
    await _switch_over(place, leader)
    await _restart(place, leader)
    if len(versions := {node.server.query("SHOW server_version") for node in place.nodes}) != 1:
        raise AssertionError(f"the servers run {', '.join(sorted(versions))}")


async def _restart(place: HaTown, node: ClusterNode) -> None:
    await asyncio.to_thread(place.part(node).process.stop, STOP_SECONDS)
    if newer := os.environ.get(UPGRADE_TO):
        place.upgrade(node, Path(newer))
    await place.part(node).start_again()
    await place.is_whole()


async def _switch_over(place: HaTown, leader: ClusterNode) -> None:
    asked = {"leader": leader.server.name}
    status = await asyncio.to_thread(leader.ask, "POST", "/switchover", asked, STOP_SECONDS)
    if status != http.client.OK:
        raise AssertionError(f"Patroni answers {status} to a switchover")
    await place.leader(other_than=leader)


LOSSES: dict[str, Loss] = {
    "postgres-killed": postgres_killed,
    "node-killed": node_killed,
    "node-frozen": node_frozen,
    "patroni-frozen": patroni_frozen,
    "leader-cut-off": leader_cut_off,
    "etcd-frozen": etcd_frozen,
    "replicas-killed": replicas_killed,
    "restarted-in-turn": restarted_in_turn,
    "switched-over": switched_over,
}
