"""Ends streams whose reader takes nothing any more."""

import asyncio
import time
from datetime import timedelta
from typing import Any, NoReturn

from server.domain.errors import DomainError, Reason

STALLED = "the reader takes nothing"
"""Why a task was cancelled."""
_TICK_SECONDS = 1.0


class StalledReaders:
    """Looks once a second for streams that have been in one write for too long: a timer for each message costs more.

    A write ends when the message has left for the connection, so a reader whose buffers are full keeps it waiting.
    """

    def __init__(self, most_seconds: float) -> None:
        self.writing: dict[asyncio.Task[Any], float] = {}
        """Since when each task has been writing (monotonic seconds); a stream adds itself, and removes itself again."""
        self._most_seconds = most_seconds

    async def run(self) -> NoReturn:
        """Cancel the tasks of stalled streams until cancelled."""
        while True:
            await asyncio.sleep(min(_TICK_SECONDS, self._most_seconds))
            latest = time.monotonic() - self._most_seconds
            for task, since in self.writing.items():
                if since < latest:
                    task.cancel(STALLED)


def reader_stalled() -> DomainError:
    """What the reader gets should it read on; until then this waits behind the messages that it did not take."""
    return DomainError(
        Reason.DEADLINE_PASSED,
        "the stream ended because nothing of a message was read for too long: open it again",
        retry_after=timedelta(seconds=1),
    )
