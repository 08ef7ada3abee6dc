"""The state of the running stack, kept in `stack.json`, which scripts and tests read too."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from server.local import LocalError

FILE = "stack.json"


@dataclass(slots=True, kw_only=True)
class StackState:
    """Addresses, process ids and the demo's accounts; `started` shows which pids are still ours."""

    edge: str
    edge_tls: str
    admin: str
    grpc: str
    database_url: str = ""
    replica_url: str = ""
    valkey_url: str = ""
    key_encryption_key_file: str = ""
    ready: bool = False
    edge_metrics: str = ""
    metrics: str = ""
    prometheus: str = ""
    last_control_request_id: str = ""
    last_control_failure: str = ""
    workers: list[str] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Any] = field(default_factory=dict)
    clinics: list[Any] = field(default_factory=list)
    doctors: list[Any] = field(default_factory=list)

    def record(self, name: str, pid: int) -> None:
        """Record a process that has just been started."""
        self.pids[name] = pid
        self.started[name] = start_time(pid)

    def running(self) -> dict[str, int]:
        """The recorded processes that are still running, in the order in which they were started."""
        return {name: pid for name, pid in self.pids.items() if start_time(pid) == self.started[name] != ""}


def read(home: Path) -> StackState | None:
    """The state in a directory; None if it is missing or incomplete. Raises LocalError if another user owns it."""
    try:
        return StackState(**json.loads((home / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    except PermissionError:
        raise LocalError(f"{home / FILE} belongs to another user: run this as the user who started the stack") from None


def write(home: Path, state: StackState) -> None:
    """Replace the state atomically; only its owner can read it."""
    descriptor, scratch = tempfile.mkstemp(prefix=f".{FILE}.", dir=home)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=2)
        file.write("\n")
    Path(scratch).replace(home / FILE)


def remove(home: Path) -> None:
    """Delete the state."""
    (home / FILE).unlink(missing_ok=True)


def start_time(pid: int) -> str:
    """When a process was started, in clock ticks since the machine booted; empty if it has exited."""
    try:
        # The name in parentheses may contain anything. The state is field 3 and the start time field 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
