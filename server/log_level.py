"""The log level, which an operator can change for all processes while they run."""

import asyncio
from datetime import timedelta
from enum import StrEnum

import structlog

from db.errors import StateError
from db.valkey import log_level
from db.valkey.client import Valkey
from db.valkey.signer import Signer
from server.telemetry import logs

_LOOK_SECONDS = 1.0


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    RESET = "reset"
    """As each process was configured; this one is never stored."""


class LogLevel:
    """Follows the level that is kept in Valkey; without one, and at first, it is `configured`.

    It is signed, so that somebody who can write to Valkey alone cannot silence the log.
    """

    def __init__(self, valkey: Valkey, signer: Signer, configured: str) -> None:
        self._valkey = valkey
        self._signer = signer
        self._configured = self._current = configured

    async def run(self) -> None:
        """Look every second until cancelled; while Valkey is away the level stays as it is."""
        while True:
            try:
                wanted = await self.wanted() or self._configured
            except StateError:
                wanted = self._current
            if wanted != self._current:
                logs.set_level("info")  # nobody can silence the log without a line that says so
                structlog.get_logger().info("log level changes", now=wanted)
                logs.set_level(wanted)
                self._current = wanted
            await asyncio.sleep(_LOOK_SECONDS)

    async def wanted(self) -> str | None:
        """The level that an operator has set, or None (Unreachable)."""
        found = await log_level.get(self._valkey, self._signer)
        return found if found in set(Level) - {Level.RESET} else None

    async def remaining(self) -> timedelta:
        """For how long it is still set (Unreachable)."""
        return await log_level.remaining(self._valkey)

    async def change(self, level: str, life: timedelta) -> None:
        """Set a level for all processes for some time (Unreachable)."""
        await log_level.put(self._valkey, self._signer, level, life)

    async def reset(self) -> None:
        """Let each process return to the level that it was configured with (Unreachable)."""
        await log_level.remove(self._valkey)
