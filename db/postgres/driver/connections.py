"""Opens connections: how long that may take, and the settings of every session."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from json import JSONDecoder
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from db.postgres.driver.pipeline import Connection

CONNECT_SECONDS = 2
"""A dying server may still seem to listen. Two attempts fit into a call's deadline, so its error says what failed."""
SESSION_OPTIONS = " ".join(
    (
        "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC",
        # Each statement is planned once, regardless of its values: planning was a quarter of the database's work for a
        # booking. tests/db/test_plans.py checks these generic plans too.
        "-c plan_cache_mode=force_generic_plan",
    )
)

_JSON = JSONDecoder()

PEER_LOST: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that vanishes without closing its connections (machine or network) is noticed in about twenty seconds."""


@asynccontextmanager
async def open_connection(url: str, application: str, *, statement_seconds: int = 5) -> AsyncIterator[Connection]:
    """A connection of one's own, closed at the end. Raises psycopg's errors."""
    made = await connect(url, application, f"{SESSION_OPTIONS} -c statement_timeout={statement_seconds}s")
    connection = Connection(made)
    try:
        yield connection
    finally:
        connection.close()


async def connect(url: str, application: str, options: str = SESSION_OPTIONS) -> psycopg.AsyncConnection[Any]:
    """A connection as psycopg makes it, in autocommit mode, with our settings. Raises psycopg's errors."""
    made = await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        options=options,
        connect_timeout=CONNECT_SECONDS,
        application_name=application,
        **PEER_LOST,
    )
    # A uuid stays text, as it is on the wire.
    made.adapters.register_loader("uuid", TextLoader)
    set_json_loads(_parsed, made)
    return made


def _parsed(json: str | bytes) -> Any:
    """JSON from the server, whose encoding is known; json.loads would look for it, which takes longer than parsing."""
    return _JSON.decode(json if isinstance(json, str) else json.decode())
