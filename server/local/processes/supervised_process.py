"""One part of the stack: a process, and another in its place when it ends by itself."""

import time
from collections import deque
from collections.abc import Callable

from server.local import LocalError
from server.local.processes.process import Process

PERIOD_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


def _nothing() -> str:
    return ""


class SupervisedProcess:
    """A process that can be started again. Use it from the main thread alone, as `process.start` demands."""

    def __init__(
        self,
        launch: Callable[[], Process],
        *,
        note: Callable[[Process], None],
        stop_seconds: float,
        lacking: Callable[[], str] = _nothing,
    ) -> None:
        """Start it; `note` is told of each process at once. Raises LocalError.

        `lacking` says what it needs to be started again, for a person; empty if nothing.
        """
        self._launch = launch
        self._note = note
        self._stop_seconds = stop_seconds
        self._lacking = lacking
        self._ends: deque[float] = deque()
        self._due: float | None = None
        self.waits_for = ""
        """Why one that has ended is not started yet, beyond a pause."""
        self.process = self._start()

    def start_again(self) -> bool:
        """Replace a process that has ended, unless it is to wait still; whether it was replaced.

        Pauses grow from end to end within a minute, up to half a minute. What cannot be written is tried again.
        """
        if self._due is None:
            self._due = time.monotonic() + self._pause()
        self.waits_for = ""
        if time.monotonic() < self._due:
            return False
        self.waits_for = self._lacking()
        if self.waits_for:
            return False
        self._due = None
        try:
            self.process = self._start()
        except OSError as error:
            self.waits_for = str(error)
            return False
        return True

    def replace(self, await_serving: Callable[[Process], None]) -> None:
        """Start another process beside the running one, and stop that when the other serves.

        Raises LocalError if it does not; then the old one goes on.
        """
        old, new = self.process, self._start()
        try:
            await_serving(new)
        except LocalError:
            new.stop(self._stop_seconds)
            self._note(old)
            raise
        self.process = new
        old.stop(self._stop_seconds)

    def ask(self) -> None:
        """Ask it to end, and do not wait."""
        self.process.ask()

    def stop(self) -> None:
        """Ask it to end, and kill it when it takes too long."""
        self.process.stop(self._stop_seconds)

    def _start(self) -> Process:
        process = self._launch()
        self._note(process)
        return process

    def _pause(self) -> float:
        """Count an end; seconds to wait after it."""
        now = time.monotonic()
        self._ends.append(now)
        while self._ends[0] < now - PERIOD_SECONDS:
            self._ends.popleft()
        return min(FIRST_PAUSE_SECONDS * float(2 ** (len(self._ends) - 1)), LONGEST_PAUSE_SECONDS)
