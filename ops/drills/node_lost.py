"""The primary's machine is lost, killed or frozen, with synchronous standbys under Patroni: another takes over."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

from ops.drills.frame import Drill, Findings
from ops.drills.people import working
from server.local.servers.patroni import ClusterNode
from tests.faults.conftest import visiting
from tests.faults.ha_town import HaTown, ha_town

SECONDS = 3.0
"""Of undisturbed load, before and after."""
GOAL_SECONDS = 10.0

Change = Callable[[HaTown, ClusterNode], Awaitable[None]]


async def lose_node(lose: Change, bring_back: Change) -> Findings:
    """Lose the primary's node under load; it comes back when another serves."""
    with ha_town() as place:
        async with visiting(place) as fleet:
            async with working(place, fleet) as clinic:
                await asyncio.sleep(SECONDS)
                old = await place.leader()
                lost_at = time.monotonic()
                await lose(place, old)
                await clinic.serves_again()
                back_at = time.monotonic()
                await asyncio.sleep(SECONDS)
                await bring_back(place, old)
                await place.is_whole()
                await clinic.serves_again()
            return await clinic.findings(lost_at, back_at, remark="synchronous standbys")


async def _kill(place: HaTown, node: ClusterNode) -> None:
    place.kill_node(node)


async def _start(place: HaTown, node: ClusterNode) -> None:
    await place.start_node(node)


async def _freeze(place: HaTown, node: ClusterNode) -> None:
    place.send_node(node, signal.SIGSTOP)


async def _thaw(place: HaTown, node: ClusterNode) -> None:
    place.send_node(node, signal.SIGCONT)


DRILLS = [
    Drill(
        name="failover",
        loss="the primary's machine, killed; two standbys are left",
        run=lambda: lose_node(_kill, _start),
        most_rto_seconds=GOAL_SECONDS,
    ),
    Drill(
        name="failover-frozen",
        loss="the primary's machine, frozen; it wakes when another has taken its place",
        run=lambda: lose_node(_freeze, _thaw),
        most_rto_seconds=GOAL_SECONDS,
    ),
]
