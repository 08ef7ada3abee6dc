"""Servers that a measurement needs, each until the end of an exit stack; their logs are in a scratch directory."""

import base64
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from server.config import Settings
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.processes.process import Process, start
from server.local.processes.user import database_user
from server.local.servers import binaries, data_location, valkey, workers
from server.local.servers.postgres import PostgresServer

_STOP_SECONDS = 10


@dataclass(frozen=True)
class Target:
    """A program under measurement: where it listens, and the processes whose time counts."""

    name: str
    port: int
    pids: list[int]


def kept(stack: ExitStack, process: Process) -> Process:
    """A process that is stopped with the stack."""
    stack.callback(process.stop, seconds=_STOP_SECONDS)
    return process


def postgres(
    stack: ExitStack, scratch: Path, settings: Mapping[str, str] | None = None
) -> tuple[PostgresServer, Process]:
    """A PostgreSQL as it comes, with fsync, on the settings of the local stack and these. Raises LocalError."""
    user = database_user()
    home = data_location.temporary_home(user)
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    server = PostgresServer(
        name="postgres-of-bench",
        programs=data_location.programs_for(user, binaries.postgres(), home),
        user=user,
        data=home / "data",
        port=ports.free(1)[0],
        password=secrets.token_urlsafe(16),
    )
    server.initialise()
    process = kept(stack, server.launch(scratch / "postgres.log", settings=settings))
    server.await_ready(process)
    return server, process


def settings(stack: ExitStack, scratch: Path, database_url: str) -> Settings:
    """Settings of a worker on a database, with a Valkey of its own."""
    [port], password = ports.free(1), secrets.token_urlsafe(16)
    home = scratch / f"valkey-{port}"
    process = kept(stack, valkey.launch(home, scratch / f"{home.name}.log", port=port, password=password))
    valkey.await_ready(process, port=port, password=password)
    return Settings.model_validate(
        {
            "database_url": database_url,
            "key_encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            "cache_url": valkey.url(port, password, 0),
            "token_store_url": valkey.url(port, password, 1),
        }
    )


SERVE = (sys.executable, "-m", "server", "serve")


def worker(
    stack: ExitStack,
    settings: Settings,
    scratch: Path,
    name: str = "worker",
    program: Sequence[str] = SERVE,
    **others: str,
) -> Target:
    """A worker as in production, or another program that is one, with some other settings. Raises LocalError."""
    (port,) = ports.free(1)
    environment = {
        "YOYAKU_LISTEN": f"{HOST}:{port}",
        "YOYAKU_DATABASE_URL": settings.database_url.get_secret_value(),
        "YOYAKU_KEY_ENCRYPTION_KEY": settings.key_encryption_key.get_secret_value(),
        "YOYAKU_CACHE_URL": settings.cache_url.get_secret_value(),
        "YOYAKU_TOKEN_STORE_URL": settings.token_store_url.get_secret_value(),
        "YOYAKU_DRAIN_SECONDS": "0",
        **others,
    }
    target = started(stack, [*program], port, scratch / f"{name}.log", **environment)
    return Target("ours", port, target.pids)


def started(stack: ExitStack, command: list[str | Path], port: int, log: Path, **environment: str) -> Target:
    """A program that listens on a port. Raises LocalError."""
    process = kept(stack, start(log.stem, command, log, environment=environment, directory=workers.ROOT))
    workers.await_ready(process, port)
    return Target(log.stem, port, [process.pid])
