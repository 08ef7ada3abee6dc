"""A process of the stack that is replaced by another when it exits on its own."""

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
    """A process that can be restarted. Use it from the main thread only, as `process.start` requires."""

    def __init__(
        self,
        launch: Callable[[], Process],
        *,
        note: Callable[[Process], None],
        stop_seconds: float,
        lacking: Callable[[], str] = _nothing,
    ) -> None:
        """Start it; `note` is called with each new process. Raises LocalError.

        `lacking` says in words what prevents a restart; empty if nothing does.
        """
        self._launch = launch
        self._note = note
        self._stop_seconds = stop_seconds
        self._lacking = lacking
        self._ends: deque[float] = deque()
        self._due: float | None = None
        self.waits_for = ""
        """Why it has not been restarted yet, other than a pause; empty if there is no such reason."""
        self.process = self._start()

    def start_again(self) -> bool:
        """Replace a process that has exited, unless it must still wait; returns whether it was replaced.

        The pause doubles with each exit within a minute, up to half a minute. If its log cannot be written, it is tried
        again later.
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
        """Start another process beside the running one, and stop the old one once the new one is serving.

        Raises LocalError if the new one does not serve; the old one keeps running then.
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
        """Ask it to shut down, without waiting."""
        self.process.ask()

    def stop(self) -> None:
        """Ask it to shut down, and kill it if it takes too long."""
        self.process.stop(self._stop_seconds)

    def _start(self) -> Process:
        process = self._launch()
        self._note(process)
        return process

    def _pause(self) -> float:
        """Count an exit; returns the seconds to wait before the restart."""
        now = time.monotonic()
        self._ends.append(now)
        while self._ends[0] < now - PERIOD_SECONDS:
            self._ends.popleft()
        return min(FIRST_PAUSE_SECONDS * float(2 ** (len(self._ends) - 1)), LONGEST_PAUSE_SECONDS)
