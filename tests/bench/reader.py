"""A cheap reader of many gRPC streams: raw HTTP/2 over a few connections, which counts messages and looks at a clock.

`python -m tests.bench.reader PORTS STREAMS PATH BODY TOKENS` opens the streams at once, spread over the ports and over
the tokens, which are a file's lines. It prints a line when each has its first message, and another after each further
round of one message a stream: when the round's messages came, in seconds since 1970, at the quantiles 0.5, 0.99 and 1.
"""

import json
import selectors
import socket
import sys
import time
from pathlib import Path

from tests.fixtures.http2 import (
    ACK,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    PREFACE,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    grpc_headers,
)

HOST = "127.0.0.1"
_STREAMS_A_CONNECTION = 100
_WINDOW = 2**31 - 1
_HEAD = 9
# Days are longer than this, heartbeats shorter.
_SHORTEST_DAY = 200


class Connection:
    """One connection with its streams."""

    def __init__(self, port: int, path: str, token: str, body: bytes, source: str = HOST) -> None:
        self._block = grpc_headers(path, HOST, token)
        self._message = b"\0" + len(body).to_bytes(4, "big") + body
        self.socket = socket.create_connection((HOST, port), source_address=(source, 0))
        self._rest = b""
        self._next = 1
        settings = b"\x00\x04" + _WINDOW.to_bytes(4, "big")
        out = PREFACE + frame(SETTINGS, 0, 0, settings)
        self.socket.sendall(out + frame(WINDOW_UPDATE, 0, 0, (_WINDOW - 65_535).to_bytes(4, "big")))

    def open(self, streams: int) -> None:
        """Open so many more streams, all at once."""
        out = b""
        for stream in range(self._next, self._next + 2 * streams, 2):
            out += frame(HEADERS, END_HEADERS, stream, self._block) + frame(DATA, END_STREAM, stream, self._message)
        self._next += 2 * streams
        self.socket.sendall(out)

    def days(self) -> int:
        """How many days have arrived. OSError if the connection has ended."""
        received = self.socket.recv(1 << 20)
        if not received:
            raise ConnectionResetError("the connection has ended")
        self._rest += received
        found, start, reply = 0, 0, b""
        while len(self._rest) - start >= _HEAD:
            length = int.from_bytes(self._rest[start : start + 3], "big")
            end = start + _HEAD + length
            if len(self._rest) < end:
                break
            kind, flags = self._rest[start + 3], self._rest[start + 4]
            if kind == DATA and length > _SHORTEST_DAY:
                found += 1
            elif kind == SETTINGS and not flags & ACK:
                reply += frame(SETTINGS, ACK, 0, b"")
            elif kind == PING and not flags & ACK:
                reply += frame(PING, ACK, 0, self._rest[start + _HEAD : end])
            start = end
        self._rest = self._rest[start:]
        if reply:
            self.socket.sendall(reply)
        return found


def read(ports: list[int], streams: int, path: str, body: bytes, tokens: list[str]) -> None:
    """Read until the process is ended."""
    selector = selectors.DefaultSelector()
    connections = [
        Connection(ports[number % len(ports)], path, tokens[number % len(tokens)], body)
        for number in range(streams // _STREAMS_A_CONNECTION)
    ]
    for connection in connections:
        connection.open(_STREAMS_A_CONNECTION)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    times: list[float] = []
    while True:
        for key, _ in selector.select():
            count = key.data.days()
            times += [time.time()] * count
        if len(times) >= streams:
            ended = sorted(times[:streams])
            quantiles = [ended[min(streams - 1, int(streams * q))] for q in (0.5, 0.99, 1)]
            sys.stdout.write(json.dumps(quantiles) + "\n")
            sys.stdout.flush()
            times = times[streams:]


if __name__ == "__main__":
    _, ports, streams, path, body, tokens = sys.argv
    each = Path(tokens).read_text().split("\n")
    read([int(port) for port in ports.split(",")], int(streams), path, Path(body).read_bytes(), each)
