"""Valkey as a child process."""

import socket
from pathlib import Path
from urllib.parse import quote

from server.local import secret
from server.local.processes.ports import HOST
from server.local.processes.process import Process, start
from server.local.servers import binaries

STOP_SECONDS = 10.0
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{directory}"
appendonly yes
maxmemory-policy noeviction
save ""
"""


def url(port: int, password: str, database: int = 0) -> str:
    """The redis:// URL of one of the server's numbered databases."""
    return f"redis://:{quote(password, safe='')}@{HOST}:{port}/{database}"


def launch(directory: Path, log: Path, *, port: int, password: str) -> Process:
    """Start Valkey, with its data in a directory. Raises LocalError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    text = CONFIGURATION.format(host=HOST, port=port, password=password, directory=quoted)
    configuration = directory / "valkey.conf"
    secret.write(configuration, text.encode())
    return start("valkey", [binaries.valkey(), configuration], log)


def await_ready(process: Process, *, port: int, password: str) -> None:
    """Wait until Valkey answers. Raises LocalError."""
    process.wait_until(lambda: _answers(port, password))


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            # While it is still loading its data, it answers with an error.
            return b"+PONG" in _lines(connection, 2)
    except OSError:
        return False


def _lines(connection: socket.socket, count: int) -> bytes:
    answer = b""
    while answer.count(b"\r\n") < count and (part := connection.recv(4096)):
        answer += part
    return answer
