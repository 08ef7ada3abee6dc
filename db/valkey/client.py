"""Connections to Valkey, over the Redis protocol."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis.exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from db.errors import Saturated, Unreachable


def _nobody(name: str, seconds: float) -> None:
    """The default for `on_command`: does nothing."""


on_command: Callable[[str, float], None] = _nobody
"""Called after each command with its name and its seconds; telemetry replaces it."""


class Valkey(Redis):
    """A pool of connections to one server; values are bytes."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command; its answer."""
        began = time.monotonic()
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            on_command(args[0], time.monotonic() - began)


_CONNECT_SECONDS = 0.25
_ANSWER_SECONDS = 0.5
_WAIT_SECONDS = 0.5


def create_client(url: str, password: str = "", *, size: int = 16) -> Valkey:
    """A pool of at most `size` connections to the server at a redis:// or rediss:// URL; opens none yet.

    `password` is used if the URL has none.

    Nothing is retried: the caller knows better what to do without an answer.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        password=password or None,
        max_connections=size,
        timeout=_WAIT_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        # With version 3 the library makes a text of each published message, for a log that nobody writes.
        protocol=2,
    )
    return Valkey.from_pool(pool)  # type: ignore[return-value]  # the library says Redis


@contextmanager
def translated() -> Iterator[None]:
    """Turn the client's errors into those of db.errors: Saturated, and Unreachable for everything else."""
    try:
        yield
    except redis.exceptions.MaxConnectionsError as error:
        raise Saturated(type(error).__name__) from error
    except (redis.exceptions.RedisError, OSError) as error:
        raise Unreachable(type(error).__name__) from error
