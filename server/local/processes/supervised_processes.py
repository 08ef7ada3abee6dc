"""All supervised processes of the stack, in the order in which they were started."""

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from server.local.processes.process import Process
from server.local.processes.supervised_process import SupervisedProcess

Say = Callable[[str, float], None]
"""Shows the user what has been done, and the seconds that it took."""


class SupervisedProcesses:
    """Starts processes, restarts those that exit on their own, and stops all of them in reverse order.

    Use it from the main thread only, as `process.start` demands.
    """

    def __init__(self, note: Callable[[Process], None], say: Say) -> None:
        """`note` is called with each new process, `say` with what has happened to it."""
        self._note = note
        self._say = say
        self._parts: list[SupervisedProcess] = []
        self.stops = ExitStack()
        """What `stop` undoes; callers may add callbacks of their own between processes."""

    def run(
        self, launch: Callable[[], Process], stop_seconds: float, lacking: Callable[[], str] = lambda: ""
    ) -> SupervisedProcess:
        """Start a process; `lacking` says what it needs before it can be started again. Raises LocalError."""
        part = SupervisedProcess(launch, note=self._note, stop_seconds=stop_seconds, lacking=lacking)
        self.stops.callback(self._stop, part)
        self._parts.append(part)
        return part

    def start_again(self, others: Iterable[SupervisedProcess]) -> None:
        """Restart those of these processes, and of the others, that have exited."""
        for part in (*self._parts, *others):
            if part.process.ended:
                self._start_again(part)

    def stop(self) -> None:
        """Stop everything in reverse order of starting."""
        self.stops.close()

    def _start_again(self, part: SupervisedProcess) -> None:
        begin, ended, waited = time.monotonic(), part.process, part.waits_for
        if part.start_again():
            text = f"{ended.name} ended unexpectedly ({ended.how_it_ended}, log in {ended.log.name}.old)"
            self._say(f"{text} and was started again", time.monotonic() - begin)
        elif part.waits_for and part.waits_for != waited:
            self._say(f"{ended.name} ended and waits: {part.waits_for}", 0)

    def _stop(self, part: SupervisedProcess) -> None:
        begin = time.monotonic()
        part.stop()
        self._say(f"{part.process.name} stopped", time.monotonic() - begin)
