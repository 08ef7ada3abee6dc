"""What a worker does beside answering calls, and the end of the worker when that ends."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager


class BrokenError(Exception):
    """Something that a worker does beside answering calls has ended, so that it cannot be trusted; see the cause."""


@asynccontextmanager
async def kept_up(runs: Iterable[Coroutine[None, None, None]], stop: asyncio.Event) -> AsyncIterator[None]:
    """What a worker does beside answering calls, as long as this is entered.

    When one of them ends by itself `stop` is set, so that the worker leaves in order; then raises BrokenError.
    """
    tasks = [asyncio.create_task(run) for run in runs]
    for task in tasks:
        task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        pending = set(tasks)
        while pending:  # a statement that ends just then may swallow it
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1)
    for task in ended:
        raise BrokenError from task.exception()
