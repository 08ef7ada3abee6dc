"""`python -m tests.bench.ordinary PART`: a worker as in production, with one part of ours exchanged."""

import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType

import grpc

from db.postgres.cluster import engines
from db.postgres.driver import pool
from server.commands.serve import serve
from server.rpc import call_lifecycle, server
from tests.bench.ordinary import calls, database
from tests.bench.ordinary.parts import Part


def _exchange(module: ModuleType, name: str, part: object) -> None:
    setattr(module, name, part)


def _intercepted() -> None:
    interceptor = calls.Interceptor()
    _exchange(grpc.aio, "server", partial(grpc.aio.server, interceptors=(interceptor,)))
    _exchange(server, "Calls", partial(calls.Services, interceptor))


EXCHANGES: dict[Part, Callable[[], None]] = {
    Part.POOL: lambda: _exchange(engines, "Pool", database.PsycopgPool),
    Part.CHECKED_POOL: lambda: _exchange(engines, "Pool", database.CheckingPsycopgPool),
    Part.PIPELINE: lambda: _exchange(pool, "Connection", database.PsycopgConnection),
    Part.HANDLER: _intercepted,
    Part.LOG_LINE: lambda: _exchange(call_lifecycle, "write_call", calls.write_call),
}


if __name__ == "__main__":
    EXCHANGES[Part(sys.argv[1])]()
    serve()
