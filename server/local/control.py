"""What a command wants of the running stack: a file that the stack's supervisor reads."""

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
    """So many workers; `renew` wants a new process in the place of each."""

    workers: int
    renew: bool
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def read(home: Path) -> ControlRequest | None:
    """The last one, or None."""
    try:
        return ControlRequest(**json.loads((home / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def send(home: Path, request: ControlRequest) -> None:
    """Return when the stack has done it. Raises LocalError if it could not, or is not there."""
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
