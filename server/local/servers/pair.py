"""The stack's usual database: a primary, and a standby that follows it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from server.local.processes import ports
from server.local.processes.disk import lacking_space
from server.local.processes.supervised_processes import Say, SupervisedProcesses
from server.local.servers import database, postgres
from server.local.servers.postgres import PostgresServer

Step = Callable[[str], AbstractContextManager[None]]
"""Shows the user what the block does, and how long it took."""


def run(
    home: Path, parts: SupervisedProcesses, log: Callable[[str], Path], step: Step, say: Say
) -> tuple[PostgresServer, PostgresServer]:
    """Start both, with their data in the stack's directory; the primary comes first. Raises LocalError."""
    primary_port, standby_port = ports.free(2)
    primary, standby = database.servers(home, (primary_port, standby_port))
    with step(f"PostgreSQL primary on port {primary.port}"):
        database.make_primary(primary)
        part = parts.run(
            lambda: primary.launch(log(primary.name)),
            postgres.STOP_SECONDS,
            lambda: lacking_space(primary.data) or database.superseded(primary, standby),
        )
        primary.await_ready(part.process)
        database.prepare(primary)
    with step(f"PostgreSQL standby on port {standby.port}"):
        if kept := database.make_standby(standby, primary):
            say(f"a standby was promoted; the data of the primary before it is kept in {kept}", 0)
        part = parts.run(
            lambda: standby.launch(log(standby.name), follow=primary),
            postgres.STOP_SECONDS,
            lambda: lacking_space(standby.data),
        )
        standby.await_ready(part.process)
        database.await_following(part.process, primary)
    return primary, standby
