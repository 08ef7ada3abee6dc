"""A child process: starting it, its log, and its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.local import LocalError
from server.local.processes import parent_death
from server.local.processes.user import User

TAIL_LINES = 15
STEP_SECONDS = 0.02
START_SECONDS = 90.0
"""A part is ready within seconds, on a busy machine within a minute. One that has ended is noticed at once."""
BACKGROUND = 10
"""The niceness of processes whose work nobody waits for."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running child; `stop_signal` asks it to shut down cleanly."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def pid(self) -> int:
        """The process id."""
        return self.popen.pid

    @property
    def ended(self) -> bool:
        """Whether it has exited."""
        return self.popen.poll() is not None

    @property
    def how_it_ended(self) -> str:
        """The signal or exit status, in words."""
        status = self.popen.wait()
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"

    def wait_until(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait until `ready()` is true. Raises LocalError, with the end of the log, if it exits or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LocalError(f"{self.name} is not ready after {seconds:.0f} seconds; {self.last_words()}")
            time.sleep(STEP_SECONDS)

    def check(self) -> None:
        """Raise LocalError, with the end of the log, if the process has exited."""
        if self.ended:
            raise LocalError(f"{self.name} ended unexpectedly ({self.how_it_ended}); {self.last_words()}")

    def ask(self) -> None:
        """Ask it to shut down, without waiting."""
        self.popen.send_signal(self.stop_signal)

    def stop(self, seconds: float) -> None:
        """Ask it to shut down, and kill it if it has not done so within this time (seconds)."""
        self.ask()
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def last_words(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return f"the end of {self.log}:\n" + "\n".join(f"  {line}" for line in lines)


def start(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    user: User | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    directory: Path = Path("/"),
    niceness: int = 0,
) -> Process:
    """Start a program in a session of its own, so that Ctrl-C does not reach it; the previous log becomes `.old`.

    `niceness` says how far it yields to others, 0 to 19. Call it from the main thread: the child gets the stop signal
    when the thread that started it ends.
    """
    if log.exists():
        log.replace(log.with_name(f"{log.name}.old"))
    identity = "-" if user is None or user.is_self else f"{user.uid}:{user.gid}"
    rules = [str(int(stop_signal)), str(os.getpid()), identity, str(niceness)]
    wrapped = [sys.executable, "-I", "-S", parent_death.__file__, *rules]
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [*wrapped, *(str(part) for part in command)],
            cwd=directory,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Process(name, popen, log, stop_signal)
