"""`python -m tests.bench.ordinary PART`: a worker as in production, with one part of ours exchanged."""

import sys
from collections.abc import Callable
from types import ModuleType

from db.postgres.cluster import engines
from db.postgres.driver import pool
from server.commands.deploy.serve import serve
from server.rpc.calls import interceptor
from server.telemetry import logs as our_logs
from tests.bench.ordinary import calls, database, logs
from tests.bench.ordinary.parts import Part


def _exchange(module: ModuleType, name: str, part: object) -> None:
    setattr(module, name, part)


EXCHANGES: dict[Part, Callable[[], None]] = {
    Part.POOL: lambda: _exchange(engines, "Pool", database.PsycopgPool),
    Part.CHECKED_POOL: lambda: _exchange(engines, "Pool", database.CheckingPsycopgPool),
    Part.PIPELINE: lambda: _exchange(pool, "Connection", database.PsycopgConnection),
    Part.LOG_LINE: lambda: _exchange(our_logs, "write_calls", logs.write_calls),
    Part.DEADLINE: lambda: _exchange(interceptor, "Deadlines", calls.Deadlines),
}


if __name__ == "__main__":
    EXCHANGES[Part(sys.argv[1])]()
    serve()
