"""A whole system to break: PostgreSQL servers, Valkey and two workers as processes, any of which can be killed."""

import asyncio
import base64
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from server.local import LocalError
from server.local.processes import ports
from server.local.processes.process import Process
from server.local.processes.user import database_user
from server.local.servers import binaries, data_location, database, valkey, workers
from server.local.servers.postgres import PostgresServer
from tests.fixtures.waiting import until

PASSWORD = "of-the-tests"
START_AGAIN_SECONDS = 30.0
ROOT = Path(__file__).resolve().parents[2]
WORKERS = ("worker-1", "worker-2")


@dataclass(slots=True)
class Part:
    """One process, and how it is started again."""

    launch: Callable[[], Process]
    await_ready: Callable[[Process], None]
    process: Process = field(init=False)

    def start(self) -> None:
        """Start it."""
        self.process = self.launch()
        self.await_ready(self.process)

    async def start_again(self) -> None:
        """Start it, again and again while what is left of the one before is in the way."""
        deadline = time.monotonic() + START_AGAIN_SECONDS
        while True:
            self.process = self.launch()  # in the main thread, as it must be
            try:
                return await asyncio.to_thread(self.await_ready, self.process)
            except LocalError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    def kill(self) -> None:
        """End it without a warning."""
        self.process.popen.kill()
        self.process.popen.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to the processes that it has started."""
        send_all(self.process.pid, number)


@dataclass(slots=True)
class Town:
    """Everything that runs; the first of the servers is the primary at first."""

    home: Path
    servers: list[PostgresServer]
    parts: dict[str, Part] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """One URL with all servers."""
        return database.url_of(self.servers)

    def start(self) -> None:
        """Start everything, with an empty book."""
        self._start_database()
        self._start_others()

    def _start_database(self) -> None:
        primary, *standbys = self.servers
        primary.initialise(sync=False)
        self.run(primary.name, lambda: self._postgres(0), primary.await_ready)
        database.prepare(primary)
        for number, standby in enumerate(standbys, 1):
            standby.clone(primary)
            self.run(standby.name, lambda n=number: self._postgres(n), standby.await_ready)  # type: ignore[misc]

    def _start_others(self) -> None:
        [port] = ports.free(1)
        self.run(
            "valkey",
            lambda: valkey.launch(self.home / "valkey", self._log("valkey"), port=port, password=PASSWORD),
            lambda process: valkey.await_ready(process, port=port, password=PASSWORD),
        )
        self.environment = {
            **self.environment,
            "YOYAKU_DATABASE_URL": self.database_url,
            "YOYAKU_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
            "YOYAKU_CACHE_URL": valkey.url(port, PASSWORD),
            "YOYAKU_TOKEN_STORE_URL": valkey.url(port, PASSWORD, 1),
            "YOYAKU_DRAIN_SECONDS": "0",
            "YOYAKU_LOG_LEVEL": "warning",
        }
        workers.migrate(self.environment)
        for name, worker_port in zip(WORKERS, ports.free(len(WORKERS)), strict=True):
            self.addresses.append(f"{ports.HOST}:{worker_port}")
            self.run(
                name,
                lambda n=name, p=worker_port: self._worker(n, p),  # type: ignore[misc]
                lambda process, p=worker_port: workers.await_ready(process, p),  # type: ignore[misc]
            )

    async def caught_up(self) -> None:
        """Return when the standby has all that the primary has."""
        primary, standby = self.servers[:2]
        position = primary.query("SELECT pg_current_wal_lsn()")

        async def has_all() -> bool:
            return standby.query(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t"

        await until(has_all, START_AGAIN_SECONDS)

    async def received(self, mark: int) -> None:
        """Return when the standby has stored all up to a read mark, whether it has replayed it or not."""
        stored = f"SELECT pg_last_wal_receive_lsn() - '0/0' >= {mark}"

        async def has_stored() -> bool:
            return self.servers[1].query(stored) == "t"

        await until(has_stored, START_AGAIN_SECONDS)

    def stop(self) -> None:
        """End everything."""
        for name in WORKERS:
            if name in self.parts:
                self.parts[name].process.ask()
        for part in reversed(self.parts.values()):
            part.send(signal.SIGCONT)
            part.process.stop(seconds=10)

    def run(self, name: str, launch: Callable[[], Process], await_ready: Callable[[Process], None]) -> None:
        """Start one more part."""
        part = self.parts[name] = Part(launch, await_ready)
        part.start()

    def _postgres(self, number: int) -> Process:
        server, follow = self.servers[number], self.servers[0] if number else None
        return server.launch(self._log(server.name), follow=follow)

    def _worker(self, name: str, port: int) -> Process:
        return workers.launch(name, self._log(name), port=port, environment=self.environment)

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"


@contextmanager
def town(
    *, standbys: int = 1, synchronous: bool = False, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Town]:
    """A running town in a temporary directory, with further settings; a commit may wait until one standby has it."""
    user = database_user()
    home = data_location.temporary_home(user)
    names = ["primary", *(f"standby_{number}" for number in range(1, standbys + 1))]
    first = PostgresServer(
        name=names[0],
        programs=data_location.programs_for(user, binaries.postgres(), home),
        user=user,
        data=home / "data" / names[0],
        port=0,
        password=PASSWORD,
    )
    servers = [
        replace(first, name=name, data=home / "data" / name, port=port, slot=name)
        for name, port in zip(names, ports.free(len(names)), strict=True)
    ]
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        built = Town(home, servers, environment=dict(environment))
        stack.callback(built.stop)
        built.start()
        if synchronous:
            any_of = f"ANY 1 ({', '.join(names[1:])})"
            servers[0].query(f"ALTER SYSTEM SET synchronous_standby_names = '{any_of}'")
            servers[0].query("SELECT pg_reload_conf()")
        yield built


def send_all(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and to the processes that it has started."""
    for each in (pid, *_children(pid)):
        with suppress(ProcessLookupError):
            os.kill(each, number)


def _children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
