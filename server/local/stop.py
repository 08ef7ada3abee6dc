"""Stops a stack from another process: a running one, or what is left of one whose supervisor was killed."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from server.local import LocalError, state
from server.local.state import StackState

SUPERVISOR = "up"
SUPERVISOR_SECONDS = 90.0
PROCESS_SECONDS = 20.0
STEP_SECONDS = 0.1

Say = Callable[[str], None]
"""Called with the name of what is being stopped."""


def stop_stack(home: Path, say: Say) -> bool:
    """Stop all processes of the stack in a directory and wait for them; False if none was running (LocalError)."""
    found = state.read(home)
    running = found.running() if found else {}
    if found is None or not running:
        state.remove(home)
        return False
    if SUPERVISOR in running:
        say("the stack")
        _end(found, SUPERVISOR, signal.SIGTERM, SUPERVISOR_SECONDS)  # it stops the others in order
    for name in reversed(found.running()):
        say(f"{name}, left over")
        # On SIGTERM, PostgreSQL would wait for its clients.
        number = signal.SIGINT if name.startswith("postgres") else signal.SIGTERM
        _end(found, name, number, PROCESS_SECONDS)
    state.remove(home)
    return True


def _end(found: StackState, name: str, number: signal.Signals, seconds: float) -> None:
    for each in (number, signal.SIGKILL):
        if name not in found.running():
            return
        _send(found.pids[name], name, each)
        deadline = time.monotonic() + seconds
        while name in found.running() and time.monotonic() < deadline:
            time.sleep(STEP_SECONDS)


def _send(pid: int, name: str, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, number)
        except PermissionError:
            raise LocalError(
                f"{name} (process {pid}) belongs to another user: run this as the user who started it"
            ) from None
