"""What a caller of each pool is told while the server is away, and how soon."""

import time
from typing import Any

import uvloop

from db.errors import StateError
from server.local.processes import ports
from server.local.processes.ports import HOST
from tests.bench.ordinary.statements import POOLS, opened


def measure() -> dict[str, str]:
    """How a loan ends, by pool."""
    return uvloop.run(_measure())


async def _measure() -> dict[str, str]:
    (closed,) = ports.free(1)
    found = {}
    for name, kind in POOLS.items():
        async with opened(kind, f"postgresql://nobody@{HOST}:{closed}/none", "bench") as pool:
            found[name] = await _end_of_loan(pool)
    return found


async def _end_of_loan(pool: Any) -> str:
    began = time.perf_counter()
    try:
        await pool.borrow()
    except StateError as error:
        return f"{type(error).__name__} after {time.perf_counter() - began:.2f} s"
    raise AssertionError("something listens at a port that was free")
