"""TCP ports on loopback."""

import errno
import os
import secrets
import socket
import sys
from collections import deque
from contextlib import closing, suppress
from pathlib import Path

from server.local import LocalError

HOST = "127.0.0.1"
LISTENING = "0A"
FIRST_OPEN_PORT = 1024
CHOSEN_PORTS = range(20_000, 32_768)
"""Ports that no outgoing connection gets: one could take a port between its choice and its use. Linux gives them from
32,768 on, macOS and Windows from 49,152 on."""

_HOLD_MOST = 200
"""Ports that a process keeps others from choosing: the ones it chose last, for which it may not have begun a server."""
_held: deque[int] = deque()


def free(count: int) -> list[int]:
    """Different ports that nothing listens on and that no process has chosen lately; for servers with SO_REUSEADDR."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(CHOSEN_PORTS)
        if port not in found and _hold(port):
            found.append(port)
    return found


def _hold(port: int) -> bool:
    """Keep others that choose a port from choosing this one, also before its server listens; whether that succeeded."""
    holder = socket.socket()
    try:
        # Not beside a server, nor beside another holder.
        holder.bind((HOST, port))
    except OSError:
        holder.close()
        return False
    # From now on a server may listen beside it.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _held.append(holder.detach())
    # Other systems let no server listen beside a holder.
    while len(_held) > (_HOLD_MOST if sys.platform == "linux" else 0):
        os.close(_held.popleft())
    return True


def claim(port: int, setting: str) -> None:
    """Raise LocalError if a port is taken; the message names the environment variable that sets the port."""
    if error := _obstacle(port):
        raise LocalError(_refusal(port, setting, error))


def is_free(port: int) -> bool:
    """Whether this process could listen on a port."""
    return _obstacle(port) is None


def is_open(port: int) -> bool:
    """Whether a process accepts connections on the port."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex((HOST, port)) == 0


def _obstacle(port: int) -> OSError | None:
    with closing(socket.socket()) as probe:
        # As servers do, so that connections left by a server that has just exited do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            return error
    return None


def _refusal(port: int, setting: str, error: OSError) -> str:
    move = f"set {setting} to a free port, for example: {setting}={free(1)[0]} make up"
    if error.errno == errno.EADDRINUSE:
        holder = _holder(port)
        return f"port {port} is taken{f' by {holder}' if holder else ''}: stop that program or {move}"
    if error.errno == errno.EACCES and port < FIRST_OPEN_PORT:
        return f"port {port} needs root: {move}"
    return f"port {port} cannot be used ({error.strerror}): {move}"


def _holder(port: int) -> str:
    """The name and id of the process that listens on a port, if Linux lets us see it; otherwise empty."""
    with suppress(OSError):
        links = {f"socket:[{inode}]" for inode in _listening(port)}
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):
                if str(descriptor.readlink()) in links:
                    process = descriptor.parents[1]
                    return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _listening(port: int) -> list[str]:
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port]
