"""A town whose database is what `make up HA=1` runs: three servers under Patroni, over an etcd that can be cut off."""

import asyncio
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from server.local.processes import ports
from server.local.processes.user import database_user
from server.local.servers import binaries, data_location, patroni
from server.local.servers.patroni import ClusterNode
from tests.faults.line import Line
from tests.faults.town import PASSWORD, Part, Town, send_all
from tests.fixtures.waiting import until

ELECTION_SECONDS = 90.0
WHOLE_SECONDS = 120.0


@dataclass(slots=True)
class HaTown(Town):
    """The part of a node is its Patroni; PostgreSQL is no child of it."""

    nodes: list[ClusterNode] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    """Each node's way to etcd."""
    etcd_port: int = 0

    def _start_database(self) -> None:
        [peer_port] = ports.free(1)
        self.run(
            "etcd",
            lambda: patroni.launch_etcd(
                self.home / "etcd", self._log("etcd"), port=self.etcd_port, peer_port=peer_port
            ),
            lambda process: patroni.await_etcd(process, self.etcd_port),
        )
        for node in self.nodes:
            name = node.server.name
            self.run(name, lambda n=node: n.launch(self._log(n.server.name)), node.await_ready)  # type: ignore[misc]
            self.run(watcher(node), lambda n=node: n.launch_watcher(self._log(watcher(n))), lambda _: None)  # type: ignore[misc]
        patroni.await_cluster(self.nodes, [self.part(node).process for node in self.nodes])

    def part(self, node: ClusterNode) -> Part:
        """The Patroni of a node."""
        return self.parts[node.server.name]

    async def leader(self, *, other_than: ClusterNode | None = None) -> ClusterNode:
        """The node that is the primary, once there is one."""
        among = [node for node in self.nodes if node is not other_than]

        async def found() -> ClusterNode | None:
            return await asyncio.to_thread(patroni.leader, among)

        return await until(found, ELECTION_SECONDS) or among[0]

    async def replicas(self) -> list[ClusterNode]:
        """The others."""
        leader = await self.leader()
        return [node for node in self.nodes if node is not leader]

    async def is_whole(self) -> None:
        """Return when one node is the primary and all others follow it."""

        async def whole() -> bool:
            return await asyncio.to_thread(patroni.is_whole, self.nodes)

        await until(whole, WHOLE_SECONDS)

    def send_postgres(self, node: ClusterNode, number: signal.Signals) -> None:
        """Send a signal to all processes of its PostgreSQL, if it runs."""
        with suppress(OSError):
            pid = int((node.server.data / "postmaster.pid").read_text().split()[0])
            if str(node.server.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                send_all(pid, number)

    def send_node(self, node: ClusterNode, number: signal.Signals) -> None:
        """Send a signal to its Patroni, to its PostgreSQL and to what watches the primary there."""
        self.part(node).send(number)
        self.parts[watcher(node)].send(number)
        self.send_postgres(node, number)

    def kill_node(self, node: ClusterNode) -> None:
        """End all processes of a node without a warning."""
        self.send_postgres(node, signal.SIGKILL)
        self.part(node).kill()
        self.parts[watcher(node)].kill()

    async def start_node(self, node: ClusterNode) -> None:
        """Start a node that was killed."""
        await self.part(node).start_again()
        self.parts[watcher(node)].start()

    def upgrade(self, node: ClusterNode, programs: Path) -> None:
        """Have its Patroni run PostgreSQL of these programs from its next start on."""
        newer = data_location.programs_for(node.server.user, programs, self.home / "newer")
        other = replace(node, server=replace(node.server, programs=newer))
        self.part(node).launch = lambda: other.launch(self._log(node.server.name))

    def stop(self) -> None:
        """End everything."""
        for line in self.lines.values():
            line.mend()
        for node in self.nodes:
            self.send_postgres(node, signal.SIGCONT)
        Town.stop(self)
        for node in self.nodes:
            self.send_postgres(node, signal.SIGKILL)
        for line in self.lines.values():
            line.close()


def watcher(node: ClusterNode) -> str:
    """The name of the part that watches the primary on a node."""
    return f"{node.server.name}-watcher"


@contextmanager
def ha_town() -> Iterator[HaTown]:
    """A running town in a temporary directory."""
    user = database_user()
    home = data_location.temporary_home(user)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        programs = data_location.programs_for(user, binaries.postgres(), home)
        [etcd_port] = ports.free(1)
        built = HaTown(home, [], etcd_port=etcd_port)
        built.nodes = _with_lines(patroni.nodes(home, programs, user, password=PASSWORD, etcd=etcd_port), built.lines)
        built.servers = [node.server for node in built.nodes]
        stack.callback(built.stop)
        built.start()
        yield built


def _with_lines(nodes: Sequence[ClusterNode], lines: dict[str, Line]) -> list[ClusterNode]:
    for node in nodes:
        lines[node.server.name] = Line(node.etcd)
    return [replace(node, etcd=lines[node.server.name].port) for node in nodes]
