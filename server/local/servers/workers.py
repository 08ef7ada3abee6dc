"""Programs of this checkout as child processes: server workers, and commands that run to completion."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.local import LocalError
from server.local.processes.ports import HOST, is_open
from server.local.processes.process import BACKGROUND, Process, start
from server.telemetry.exposition import answers

ROOT = Path(__file__).resolve().parents[3]
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Release:
    """An installed release of this program: its interpreter, and the checkout from which it runs."""

    python: Path
    directory: Path


HERE = Release(Path(sys.executable), ROOT)


def release_in(directory: Path) -> Release:
    """The release that is installed in a checkout. Raises LocalError."""
    found = Release(directory.absolute() / ".venv" / "bin" / "python", directory.absolute())
    if not found.python.exists() or not (directory / "server").is_dir():
        raise LocalError(f"{directory} holds no installed release: check it out there and run `make .venv/built` in it")
    return found


def launch(name: str, log: Path, *, port: int, environment: Mapping[str, str], release: Release = HERE) -> Process:
    """Start a server worker on a port."""
    return start(
        name,
        [release.python, "-m", "server", "serve"],
        log,
        environment={**environment, "YOYAKU_LISTEN": f"{HOST}:{port}", "PYTHONUNBUFFERED": "1"},
        directory=release.directory,
    )


def launch_notifications(log: Path, *, environment: Mapping[str, str], release: Release = HERE) -> Process:
    """Start a notification worker."""
    return start(
        "notifications",
        [release.python, "-m", "server", "worker"],
        log,
        environment={**environment, "PYTHONUNBUFFERED": "1"},
        directory=release.directory,
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
    process.wait_until(lambda: is_open(port))


def await_notifications(process: Process, environment: Mapping[str, str]) -> None:
    """Wait until a notification worker gives metrics, if it is to give any. Raises LocalError."""
    if environment["YOYAKU_METRICS_LISTEN"]:
        directory, name = environment["YOYAKU_METRICS_DIRECTORY"], f"notifications-{process.pid}"
        process.wait_until(lambda: answers(directory, name))


def migrate(environment: Mapping[str, str], release: Release = HERE) -> None:
    """Bring the database's schema up to date. Raises LocalError."""
    _command("migrate", environment, release=release)


def migrate_before(release: Release, environment: Mapping[str, str]) -> str:
    """Bring the schema as far as both the running release and this one work with; what was said (LocalError)."""
    return _command("migrate", environment, "--pre-only", release=release)


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


def _command(name: str, environment: Mapping[str, str], *arguments: str, release: Release = HERE) -> str:
    done = subprocess.run(
        [release.python, "-m", "server", name, *arguments],
        cwd=release.directory,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"`python -m server {name}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
