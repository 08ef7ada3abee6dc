"""Limits calls to a provider: one rate for all processes, in Valkey; without Valkey each process uses its share."""

import structlog

from db.errors import StateError
from db.valkey.rates import Rate
from server.notifications.provider_breaker import Seconds

_log = structlog.get_logger()


class Limit:
    """Says when the next call may be made."""

    def __init__(self, rate: Rate, share_per_second: float, seconds: Seconds) -> None:
        """`share_per_second` is this process's limit while Valkey cannot be reached."""
        self._rate = rate
        self._apart = 1 / share_per_second
        self._seconds = seconds
        self._free_at = 0.0
        self._alone = False

    async def take(self) -> float:
        """Reserve the next free moment for a call; the seconds until then."""
        try:
            wait = await self._rate.take()
        except StateError:
            self._note(alone=True)
            at = max(self._seconds(), self._free_at)
            self._free_at = at + self._apart
            return at - self._seconds()
        self._note(alone=False)
        return wait

    def _note(self, *, alone: bool) -> None:
        if alone != self._alone:
            self._alone = alone
            _log.warning(
                "rate limits now apply per process" if alone else "rate limits are shared by all processes again"
            )
