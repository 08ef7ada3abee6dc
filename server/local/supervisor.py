"""The supervisor, one for each directory: in the foreground, or as a separate process."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from server.config import LocalSettings
from server.local import LocalError, state, stop
from server.local.processes.supervised_processes import Say
from server.local.stack import Stack
from server.local.state import StackState

STEP_SECONDS = 0.1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    home: Path,
    settings: LocalSettings,
    environment: Mapping[str, str],
    say: Say,
    announce: Callable[[StackState], None],
) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; `announce` is called when it is ready. Raises LocalError."""
    with alone(home):
        stop.stop_stack(home, lambda what: say(f"stopping {what}", 0))
        stack = Stack(home, settings, environment, say)
        with _ended_by(stack.stop):
            stack.start(os.getpid())
            announce(stack.state)
            stack.mark_ready()
            stack.watch()


def detach(home: Path, show: Callable[[str], None]) -> bool:
    """Start the supervisor as a separate process and pass on its output until the stack is ready.

    Returns False if it exits before that. Ctrl-C stops it during this time.
    """
    with alone(home):
        path = home / "logs" / "up.log"
        path.parent.mkdir(mode=0o700, exist_ok=True)
    # Of two that are started at once only one finds the directory free: it alone may replace the log.
    mine = path.with_name(f"up-{os.getpid()}.log")
    with mine.open("w") as output, mine.open() as said:
        command = [sys.executable, "-u", "-m", "server", "up"]
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while True:
                ended, ready = child.poll() is not None, _is_ready(home, child.pid)
                if mine.exists() and _supervisor(home) == child.pid:
                    mine.replace(path)
                show(said.read())
                if ended or ready:
                    return ready
                time.sleep(STEP_SECONDS)
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            show(said.read())
            raise
        finally:
            mine.unlink(missing_ok=True)


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Lock a directory so that no other stack can start in it; the lock is released when the process exits.

    Raises LocalError if it is already locked.
    """
    with _lock(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found = state.read(home)
            where = f" at {found.edge}" if found else ""
            raise LocalError(f"the stack of this checkout is already running{where}; `make down` stops it") from None
        yield


def _lock(home: Path) -> IO[str]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return (home / "lock").open("a")
    except PermissionError as error:
        raise LocalError(f"{error.filename} belongs to another user: run this as that user") from None


@contextmanager
def _ended_by(stop: Callable[[], None]) -> Iterator[None]:
    """Leave the block on a terminating signal; then, however it was left, call `stop` with these signals ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_ready(home: Path, pid: int) -> bool:
    found = state.read(home)
    return found is not None and found.ready and _supervisor(home) == pid


def _supervisor(home: Path) -> int | None:
    found = state.read(home)
    return found.pids.get(stop.SUPERVISOR) if found else None
