"""Files that are safe on disk."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Make the names of the files in a directory safe on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
