"""Streams that stay open beside the attacks: `python -m tests.bench.attacks.follower PORT BODY TOKENS SAID`.

Each token gets a connection with as many streams as an account may have, and five of them share an address, since an
address may have a thousand. Streams are opened as slowly as an account's limit of calls allows. A line of `SAID` is a
moment, in seconds since 1970, and how many days had arrived at it.
"""

import selectors
import sys
import time
from pathlib import Path

from server.domain import stream_limits
from server.domain.identity import Role
from server.edge.limits import TOKENS_OF_COSTLY, Limits
from tests.bench.reader import Connection

PATH = "/yoyaku.v1.ScheduleService/WatchSlots"
OF_CONNECTION = stream_limits.OF_ACCOUNT[Role.SYSTEM]
_CONNECTIONS_OF_ADDRESS = stream_limits.OF_ADDRESS // OF_CONNECTION
_AT_ONCE = Limits().system.per_second // TOKENS_OF_COSTLY * 3 // 4
_PAUSE_SECONDS = 1.0


def follow(port: int, body: bytes, tokens: list[str], said: Path) -> None:
    """Go on until the process is ended."""
    selector = selectors.DefaultSelector()
    connections = [
        Connection(port, PATH, token, body, f"127.0.1.{number // _CONNECTIONS_OF_ADDRESS + 1}")
        for number, token in enumerate(tokens)
    ]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    missing, next_at = OF_CONNECTION, time.monotonic()
    with said.open("w", buffering=1) as out:
        while True:
            if missing and time.monotonic() >= next_at:
                next_at += _PAUSE_SECONDS
                for connection in connections:
                    connection.open(min(_AT_ONCE, missing))
                missing -= min(_AT_ONCE, missing)
            arrived = 0
            for key, _ in selector.select(_PAUSE_SECONDS / 10):
                try:
                    arrived += key.data.days()
                except OSError:  # its days are missing from now on, which shows
                    selector.unregister(key.fileobj)
            if arrived:
                out.write(f"{time.time()} {arrived}\n")


if __name__ == "__main__":
    _, port, body, tokens, said = sys.argv
    follow(int(port), Path(body).read_bytes(), Path(tokens).read_text().split("\n"), Path(said))
