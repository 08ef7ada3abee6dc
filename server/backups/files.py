"""Files that several processes of a machine share: what one of them does alone, and what none sees half written."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Lock a file until the end of the block; without `wait`, False at once while another process has it.

    A process that ends, however it does, gives its locks back.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def put(path: Path, text: str) -> None:
    """Write a file, or replace it; whoever reads it meanwhile gets all of the one or all of the other."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(path)
