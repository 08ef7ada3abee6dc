"""Secrets that are generated on this machine, each in a file that only its owner can read."""

import base64
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path


def keep(path: Path, size: int) -> str:
    """The secret in a file (base64); the first time, it is made from `size` random bytes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        write(path, base64.b64encode(secrets.token_bytes(size)))
    return path.read_text().strip()


def keep_passwords(path: Path, names: Sequence[str]) -> Path:
    """Return the path of a JSON file with a random password for each name; the file is created if it is missing."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, json.dumps({name: secrets.token_urlsafe(12) for name in names}, indent=2).encode())
    return path


def write(path: Path, content: bytes) -> None:
    """Write a secret to a file atomically."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    scratch.replace(path)
