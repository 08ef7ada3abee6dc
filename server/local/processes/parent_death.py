"""Replaces this process with another program that gets a signal when its parent exits, even after `kill -9`.

Arguments: signal number, parent's process id, UID:GID to run as (or -), niceness, then the program and its arguments.
It runs as a script, before the program, because the same in Popen's preexec_fn can deadlock in a parent with threads.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
_SESSION = "/proc/self/autogroup"


def main() -> None:
    """Privileges are dropped first: the kernel clears the signal when they change."""
    number, parent, identity, niceness, *command = sys.argv[1:]
    if int(niceness):
        _yield_to_others(int(niceness))
    if identity != "-":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != int(parent):
        sys.exit("the parent ended first")
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted


def _yield_to_others(niceness: int) -> None:
    os.nice(niceness)
    # With autogroup scheduling, each session has a niceness of its own too; containers may not allow setting it.
    with suppress(OSError):
        Path(_SESSION).write_text(str(niceness))


if __name__ == "__main__":
    main()
