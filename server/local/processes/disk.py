"""Free space on a disk: without it, a server that writes would exit as soon as it was started, again and again."""

import shutil
from pathlib import Path

NEEDED = 64 * 2**20
"""In bytes: four segments of PostgreSQL's write-ahead log."""


def lacking_space(path: Path, needed: int = NEEDED) -> str:
    """What the user must do before a server that writes there can be started; empty if there is enough space."""
    free = shutil.disk_usage(path).free
    if free >= needed:
        return ""
    return f"{free / 2**20:.0f} MB are free at {path}, {needed / 2**20:.0f} MB are needed: free some, and it starts"
