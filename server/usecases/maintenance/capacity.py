"""Whether the database allows as many connections as all tasks together may open."""

import structlog

from db.errors import StateError
from db.postgres.cluster import state, transaction
from db.postgres.cluster.engines import Engine

PER_TASK = 20
"""Two workers with six connections for calls each, a notification worker with five, and one for monitoring in each."""

_log = structlog.get_logger()


class Capacity:
    """Checked once, when a worker starts: otherwise a shortage would show only on the day when all tasks run."""

    def __init__(self, engine: Engine, tasks: int) -> None:
        self._engine = engine
        self._needed = tasks * PER_TASK

    async def check(self) -> None:
        """Log a warning if the database allows too few connections."""
        try:
            allowed = await transaction.read(self._engine, state.connections_allowed)
        except StateError:
            return
        if allowed < self._needed:
            _log.warning(
                "too few database connections",
                allowed=allowed,
                needed=self._needed,
                advice="raise max_connections of every PostgreSQL server, or lower YOYAKU_TASKS if fewer tasks run",
            )
