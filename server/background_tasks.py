"""The background tasks of a worker; when one of them ends, the worker shuts down."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager


class BrokenError(Exception):
    """A background task of a worker has ended, so the worker cannot be trusted any more; `__cause__` says why."""


@asynccontextmanager
async def kept_up(runs: Iterable[Coroutine[None, None, None]], stop: asyncio.Event) -> AsyncIterator[None]:
    """Run background tasks while the context is open, and cancel them at its end.

    If one of them ends by itself, `stop` is set, so that the worker drains; leaving the context raises BrokenError.
    """
    tasks = [asyncio.create_task(run) for run in runs]
    for task in tasks:
        task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        pending = set(tasks)
        while pending:  # a database statement that ends at that moment may swallow the cancellation
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1)
    for task in ended:
        raise BrokenError from task.exception()
