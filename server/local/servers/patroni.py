"""Three PostgreSQL servers, one of which Patroni makes the primary (`make up HA=1`), as ops/ha configures it.

On this machine etcd is a single process, which holds only who the primary is. docs/ha.md has the real thing.
"""

import base64
import http.client
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.local import LocalError, secret
from server.local.processes import ports
from server.local.processes.disk import lacking_space
from server.local.processes.ports import HOST, is_open
from server.local.processes.process import Process, start
from server.local.processes.supervised_processes import SupervisedProcesses
from server.local.processes.user import User, database_user
from server.local.servers import binaries, data_location, database
from server.local.servers.pair import Step
from server.local.servers.postgres import SUPERUSER, PostgresServer
from server.local.servers.workers import ROOT

NODES = 3
STOP_SECONDS = 30.0
CONFIGURATION = ROOT / "ops" / "ha" / "patroni.yml"
_ENVIRONMENT = ROOT / ".venv-ha"
_ETCD = _ENVIRONMENT / "etcd" / "usr" / "bin" / "etcd"
_API_USER = "patroni"
_ASK_SECONDS = 5.0
_FOLLOWERS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name LIKE 'patroni-%'"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNode:
    """One server with the Patroni that runs it; `etcd` and `api` are ports."""

    server: PostgresServer
    api: int
    etcd: int
    api_password: str = field(repr=False)

    def launch(self, log: Path) -> Process:
        """Start Patroni, which starts PostgreSQL; then call `await_ready`. Raises LocalError."""
        program = _ENVIRONMENT / "bin" / "patroni"
        if not program.exists():
            raise LocalError("Patroni is missing: run `make ha`, which installs it")
        if not self.server.user.reaches(program.with_name("python")):
            raise LocalError(f"PostgreSQL's user cannot run {program}: run this as an ordinary user")
        return start(
            self.server.name, [program, CONFIGURATION], log, environment=self._environment(), user=self.server.user
        )

    def launch_watcher(self, log: Path) -> Process:
        """Start what takes the place of a silent primary away (ops/ha/watcher.py)."""
        program = _ENVIRONMENT / "bin" / "python"
        command = [program, CONFIGURATION.with_name("watcher.py"), CONFIGURATION]
        return start(
            f"{self.server.name}-watcher", command, log, environment=self._environment(), user=self.server.user
        )

    def await_ready(self, process: Process) -> None:
        """Wait until its PostgreSQL serves, as the primary or as a replica. Raises LocalError."""
        process.wait_until(lambda: self.ask("GET", "/health") == http.client.OK)

    @property
    def is_leader(self) -> bool:
        """Whether its Patroni says that it is the primary."""
        return self.ask("GET", "/primary") == http.client.OK

    def ask(self, method: str, path: str, body: Any = None, seconds: float = _ASK_SECONDS) -> int:
        """The status of an answer of Patroni's REST interface; 0 if there is none in time."""
        connection = http.client.HTTPConnection(HOST, self.api, timeout=seconds)
        login = base64.b64encode(f"{_API_USER}:{self.api_password}".encode()).decode()
        with suppress(OSError, http.client.HTTPException):
            try:
                connection.request(
                    method, path, json.dumps(body) if body else None, {"Authorization": f"Basic {login}"}
                )
                return connection.getresponse().status
            finally:
                connection.close()
        return 0

    def _environment(self) -> dict[str, str]:
        server, address = self.server, f"{HOST}:{self.server.port}"
        return {
            "PATRONI_NAME": server.name,
            "PATRONI_ETCD3_HOSTS": f"{HOST}:{self.etcd}",
            "PATRONI_RESTAPI_LISTEN": f"{HOST}:{self.api}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{HOST}:{self.api}",
            "PATRONI_RESTAPI_USERNAME": _API_USER,
            "PATRONI_RESTAPI_PASSWORD": self.api_password,
            "PATRONI_POSTGRESQL_LISTEN": address,
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": address,
            "PATRONI_POSTGRESQL_DATA_DIR": str(server.data),
            "PATRONI_POSTGRESQL_BIN_DIR": str(server.programs),
            "PATRONI_POSTGRESQL_PGPASS": str(server.data.with_suffix(".pgpass")),
            "PATRONI_SUPERUSER_USERNAME": SUPERUSER,
            "PATRONI_SUPERUSER_PASSWORD": server.password,
            "PATRONI_REPLICATION_USERNAME": "replicator",
            "PATRONI_REPLICATION_PASSWORD": server.password,
        }


def launch_etcd(directory: Path, log: Path, *, port: int, peer_port: int) -> Process:
    """Start etcd with its data in a directory. Raises LocalError."""
    if not _ETCD.exists():
        raise LocalError("etcd is missing: run `make ha`, which unpacks Debian's package")
    client, peer = f"http://{HOST}:{port}", f"http://{HOST}:{peer_port}"
    options = [
        f"--data-dir={directory}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--log-level=warn",
    ]
    return start("etcd", [_ETCD, *options], log)


def await_etcd(process: Process, port: int) -> None:
    """Wait until etcd listens. Raises LocalError."""
    process.wait_until(lambda: is_open(port))


def nodes(data: Path, programs: Path, user: User, *, password: str, etcd: int) -> list[ClusterNode]:
    """The servers, on free ports, each with a directory in `data`, which belongs to the user."""
    found = ports.free(2 * NODES)
    return [
        ClusterNode(
            server=PostgresServer(
                name=f"patroni-{number}",
                programs=programs,
                user=user,
                data=data / f"patroni-{number}",
                port=found.pop(),
                password=password,
            ),
            api=found.pop(),
            etcd=etcd,
            api_password=password,
        )
        for number in range(1, NODES + 1)
    ]


def leader(among: Sequence[ClusterNode]) -> ClusterNode | None:
    """The one that is the primary, if there is one."""
    return next((node for node in among if node.is_leader), None)


def run(home: Path, parts: SupervisedProcesses, log: Callable[[str], Path], step: Step) -> list[PostgresServer]:
    """Start etcd and all servers, with their data in the stack's directory; the primary comes first (LocalError)."""
    user = database_user(home / data_location.DATA)
    data = data_location.data_home(home, user)
    port, peer_port = ports.free(2)
    cluster = nodes(
        data,
        data_location.programs_for(user, binaries.postgres(), data),
        user,
        password=secret.keep(home / "secrets" / "database-password", 24),
        etcd=port,
    )
    with step(f"etcd on port {port}"):
        part = parts.run(
            lambda: launch_etcd(home.absolute() / "etcd", log("etcd"), port=port, peer_port=peer_port),
            STOP_SECONDS,
            lambda: lacking_space(home),
        )
        await_etcd(part.process, port)
    with step(f"PostgreSQL, {NODES} servers under Patroni"):
        running = [
            parts.run(
                lambda node=node: node.launch(log(node.server.name)),  # type: ignore[misc]
                STOP_SECONDS,
                lambda: lacking_space(data),
            )
            for node in cluster
        ]
        for node in cluster:
            parts.run(
                lambda node=node: node.launch_watcher(log(f"{node.server.name}-watcher")),  # type: ignore[misc]
                STOP_SECONDS,
                lambda: lacking_space(data),
            )
        return [node.server for node in await_cluster(cluster, [part.process for part in running])]


def await_cluster(cluster: Sequence[ClusterNode], processes: Sequence[Process]) -> list[ClusterNode]:
    """Wait until one is the primary and all others follow it; create the application's database if it is missing.

    The nodes, the primary first. Raises LocalError.
    """
    processes[0].wait_until(lambda: leader(cluster) is not None)
    for node, process in zip(cluster, processes, strict=True):
        node.await_ready(process)
    processes[0].wait_until(lambda: is_whole(cluster))
    ordered = sorted(cluster, key=lambda node: not node.is_leader)
    database.prepare(ordered[0].server)
    return ordered


def is_whole(cluster: Sequence[ClusterNode]) -> bool:
    """Whether one is the primary and all others follow it."""
    leaders = [node for node in cluster if node.is_leader]
    with suppress(LocalError):  # it may end meanwhile
        return len(leaders) == 1 and leaders[0].server.query(_FOLLOWERS) == str(len(cluster) - 1)
    return False
