"""Barman, restic and rsync: where they are, and how they are run."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.backups import BackupError

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-barman"
_DEBIAN = ENVIRONMENT / "debian" / "usr"
"""Debian's restic and rsync, unpacked there by the Makefile where they are not installed."""
_TOLD_LINES = 12


def environment(*more: Path, **variables: str) -> dict[str, str]:
    """The environment in which the programs find each other, and those in the directories `more`."""
    path = [*map(str, more), str(ENVIRONMENT / "bin"), os.environ.get("PATH", "")]
    libraries = [str(found) for found in _DEBIAN.glob("lib/*-linux-*")]
    found = {"PATH": os.pathsep.join([*path, str(_DEBIAN / "bin")]), "LC_ALL": "C.UTF-8", **variables}
    if libraries and not shutil.which("rsync"):
        found["LD_LIBRARY_PATH"] = os.pathsep.join([*libraries, os.environ.get("LD_LIBRARY_PATH", "")])
    return os.environ | found


def find(name: str, variables: Mapping[str, str]) -> str:
    """The path of a program. Raises BackupError."""
    if found := shutil.which(name, path=variables["PATH"]):
        return found
    raise BackupError(f"{name} is missing: run `make .venv-barman/installed`, or install it")


def run(command: Sequence[str | Path], variables: Mapping[str, str], *, what: str) -> str:
    """Run a program to its end; its output. Raises BackupError with the end of what it said."""
    done = subprocess.run(
        [find(str(command[0]), variables), *map(str, command[1:])],
        cwd="/", env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_TOLD_LINES:])
        raise BackupError(f"{what} failed: {said}")
    return done.stdout
