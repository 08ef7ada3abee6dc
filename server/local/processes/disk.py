"""Room on a disk: a server that writes must not be started without any, or it ends at once, again and again."""

import shutil
from pathlib import Path

NEEDED = 64 * 2**20
"""Bytes: four segments of PostgreSQL's log."""


def lacking_space(path: Path, needed: int = NEEDED) -> str:
    """What a person has to do before a server that writes there can be started; empty if there is room."""
    free = shutil.disk_usage(path).free
    if free >= needed:
        return ""
    return f"{free / 2**20:.0f} MB are free at {path}, {needed / 2**20:.0f} MB are needed: free some, it goes on then"
