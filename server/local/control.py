"""Requests from commands to the running stack, passed in a file that the stack's supervisor reads."""

import json
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from server.local import LocalError, state

FILE = "control.json"
LONGEST_SECONDS = 300.0
STEP_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """Asks for this number of workers; with `renew`, also for a new process in place of each.

    With `release`, a directory, asks instead for as many workers of the release there, watched for `seconds` a step.
    """

    workers: int
    renew: bool = False
    release: str = ""
    seconds: float = 0
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def read(home: Path) -> ControlRequest | None:
    """The latest request, or None if there has been none."""
    try:
        return ControlRequest(**json.loads((home / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def send(home: Path, request: ControlRequest) -> None:
    """Send a request and wait until the stack has carried it out. Raises LocalError if it cannot."""
    scratch = home / f".{FILE}.{request.request_id}"
    scratch.write_text(json.dumps(asdict(request)))
    scratch.replace(home / FILE)
    deadline = time.monotonic() + LONGEST_SECONDS
    while (found := state.read(home)) and time.monotonic() < deadline:
        if found.last_control_request_id == request.request_id:
            if found.last_control_failure:
                raise LocalError(found.last_control_failure)
            return
        time.sleep(STEP_SECONDS)
    raise LocalError("the stack ended, or is busy with something else: see .yoyaku/logs/up.log")
