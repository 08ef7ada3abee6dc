"""One part of the stack: a process, and another in its place when it ends by itself."""

import time
from collections import deque
from collections.abc import Callable

from server.local import LocalError
from server.local.process import Process

ENDS = 5
PERIOD_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5


class SupervisedProcess:
    """A process that can be started again. Use it from the main thread alone, as `process.start` demands."""

    def __init__(self, launch: Callable[[], Process], *, note: Callable[[Process], None], stop_seconds: float) -> None:
        """Start it; `note` is told of each process at once. Raises LocalError."""
        self._launch = launch
        self._note = note
        self._stop_seconds = stop_seconds
        self._ends: deque[float] = deque()
        self.process = self._start()

    def start_again(self) -> None:
        """Replace a process that has ended, after a pause that grows from end to end.

        Raises LocalError, with the end of the log, at the fifth end within a minute.
        """
        time.sleep(self._pause())
        self.process = self._start()

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
        if len(self._ends) == ENDS:
            process = self.process
            raise LocalError(
                f"{process.name} ended {ENDS} times within a minute, at last with {process.how_it_ended};"
                f" {process.last_words()}"
            )
        return FIRST_PAUSE_SECONDS * float(2 ** (len(self._ends) - 1))
