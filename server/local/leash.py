"""Becomes another program that gets a signal when its parent ends, so that not even `kill -9` leaves it behind.

Arguments: signal number, parent's process id, UID:GID to run as (or -), then the program and its arguments. It runs as
a script, before the program, because the same in Popen's preexec_fn can deadlock in a parent with threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Give up rights first: the kernel forgets the signal when they change."""
    number, parent, identity, *command = sys.argv[1:]
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


if __name__ == "__main__":
    main()
