"""Where the server is, and where tokens are kept, unless the user says so."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

_STACK = Path(".yoyaku", "stack.json")
_USUAL = "http://127.0.0.1:8080"


def local_stack(directory: Path) -> str:
    """The address of the stack that `make up` runs in a checkout, for a directory in it; else the usual address.

    A file of another user, or one that names another machine, is ignored: passwords would go there.
    """
    for each in (directory, *directory.parents):
        try:
            stack = each / _STACK
            if stack.stat().st_uid == os.getuid():
                address = str(json.loads(stack.read_text())["edge"])
                return address if urlsplit(address).hostname == "127.0.0.1" else _USUAL
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # Windows has no getuid
            continue
    return _USUAL


def sign_ins() -> Path:
    """The file of tokens. RuntimeError if the user has no home directory."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "yoyaku" / "sign-ins.json"
