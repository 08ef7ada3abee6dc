"""Reads checkpoints of the audit trail from files."""

from collections.abc import Sequence
from pathlib import Path

from server.commands import fail
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import CheckpointError, CheckpointFile, decode


def read_all(files: Sequence[Path], keys: KeyRing) -> list[CheckpointFile]:
    """The checkpoints in files; ends the command if one cannot be read or its signature does not match."""
    return [_read(file, keys) for file in dict.fromkeys(files)]


def _read(file: Path, keys: KeyRing) -> CheckpointFile:
    try:
        return decode(str(file), file.read_bytes(), keys)
    except OSError as error:
        raise fail(f"{file} cannot be read: {error.strerror}") from None
    except CheckpointError as error:
        raise fail(str(error)) from None
