"""Programs of this checkout as child processes: server workers, and commands that run to completion."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.local import LocalError
from server.local.processes.ports import HOST, is_open
from server.local.processes.process import BACKGROUND, Process, start

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30.0
STOP_SECONDS = 20.0


def launch(name: str, log: Path, *, port: int, environment: Mapping[str, str], root: Path = ROOT) -> Process:
    """Start a server worker on a port; `root` has its release, by default this checkout."""
    return start(
        name,
        [sys.executable, "-m", "server", "serve"],
        log,
        environment={**environment, "YOYAKU_LISTEN": f"{HOST}:{port}", "PYTHONUNBUFFERED": "1"},
        directory=root,
    )


def launch_notifications(log: Path, *, environment: Mapping[str, str]) -> Process:
    """Start a notification worker; nobody needs to wait until it is ready, since its jobs are in a queue."""
    return start(
        "notifications",
        [sys.executable, "-m", "server", "worker"],
        log,
        environment={**environment, "PYTHONUNBUFFERED": "1"},
        directory=ROOT,
        niceness=BACKGROUND,
    )


def launch_backups(log: Path, *, environment: Mapping[str, str]) -> Process:
    """Start what takes backups of the stack in this checkout, all the time."""
    return start(
        "backup",
        [sys.executable, "-m", "server", "backup", "--all-the-time"],
        log,
        environment={**environment, "PYTHONUNBUFFERED": "1"},
        directory=ROOT,
        niceness=BACKGROUND,
    )


def await_ready(process: Process, port: int) -> None:
    """Wait until a worker accepts connections. Raises LocalError."""
    process.wait_until(lambda: is_open(port), START_SECONDS)


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database's schema up to date. Raises LocalError."""
    _command("migrate", environment)


def load_demo(environment: Mapping[str, str], passwords: Path) -> dict[str, Any]:
    """Load the demo clinics unless they exist, and return `accounts`, `clinics` and `doctors`.

    The file gives accounts their passwords. Raises LocalError.
    """
    lines = _command("demo", environment, "--passwords", str(passwords)).splitlines()
    try:
        loaded: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise LocalError(
            "`python -m server demo` did not print a line of JSON at its end: run it by hand to see why"
        ) from None
    return loaded


def _command(name: str, environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "server", name, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"`python -m server {name}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
