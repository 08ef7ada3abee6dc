"""One attacker: `python -m tests.bench.attacks.attack NAME TARGET SAID` goes on until it is ended, or for a minute.

It then writes how its requests were answered, as far as it looks at that.

Its address is another one than that of the ordinary callers, as it would be outside.
"""

import gzip
import json
import random
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.fixtures.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, frame, grpc_headers

HOST, _FROM = "127.0.0.1", "127.0.0.2"
_MOST_SECONDS = 60.0
_BOMB_BYTES = 250_000_000
answers = Counter[str]()
"""What came back, where it is looked at: an attack that is refused at the door shows nothing."""
_SERVICE = "/yoyaku.v1.ScheduleService"


@dataclass(frozen=True)
class Target:
    """Where to attack, and what a patient who does so knows."""

    port: int
    token: str
    clinic_id: str
    doctor_ids: list[str]
    dates: list[str]

    def connected(self, receive_buffer: int = 0) -> socket.socket:
        """A new connection."""
        made = socket.socket()
        if receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        made.bind((_FROM, 0))
        made.settimeout(2)
        made.connect((HOST, self.port))
        return made


def _rest(target: Target, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    given = {"host": "x", "authorization": f"Bearer {target.token}", "content-length": str(len(body))}
    given |= {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    lines = "".join(f"{name}: {text}\r\n" for name, text in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def _calls(
    target: Target, path: str, count: int, token: str = "", message: bytes = b"", *, ends: bool
) -> socket.socket:
    """A connection with so many gRPC calls, each of them with these bytes of a message."""
    block = grpc_headers(path, HOST, token)
    out = PREFACE + frame(SETTINGS, 0, 0, b"")
    for number in range(count):
        stream = 2 * number + 1
        out += frame(HEADERS, END_HEADERS, stream, block)
        if message or ends:
            out += frame(DATA, END_STREAM if ends else 0, stream, message)
    made = target.connected()
    made.sendall(out)
    return made


def _again(seconds: float, what: Callable[[], object]) -> None:
    """Do something at a steady rate; what is refused or cut off is tried again."""
    ends = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < ends:
        with suppress(OSError):
            what()
        time.sleep(seconds)


def _asked(target: Target, request: Callable[[], bytes]) -> Callable[[], None]:
    """Sends a request over a connection that lasts as long as it can, and reads what comes."""
    held: list[socket.socket] = []

    def ask() -> None:
        try:
            if not held:
                held.append(target.connected())
            held[0].sendall(request())
            answer = held[0].recv(1 << 20)
            answers[answer[9:12].decode(errors="replace") or "closed"] += 1
            if b"content-length" not in answer.lower():
                held.clear()  # the rest of it is not waited for
        except OSError as error:
            answers[type(error).__name__] += 1
            held.clear()

    return ask


def idle_checks(target: Target) -> None:
    """Health checks without a message, a thousand at a time."""
    held: list[socket.socket] = []

    def more() -> None:
        held[:] = [_calls(target, "/grpc.health.v1.Health/Check", 500, ends=False) for _ in range(2)]

    _again(3, more)


def idle_watches(target: Target) -> None:
    """Health/Watch, which never ends where it is offered."""
    held: list[socket.socket] = []

    def more() -> None:
        held[:] = [_calls(target, "/grpc.health.v1.Health/Watch", 500, message=bytes(5), ends=True) for _ in range(2)]

    _again(3, more)


def bombs(target: Target) -> None:
    """Messages that inflate to 250 MB, five a second."""
    packed = gzip.compress(bytes(_BOMB_BYTES), 9)
    body = b"\x01" + len(packed).to_bytes(4, "big") + packed
    kind = {"content_type": "application/grpc-web+proto", "grpc_encoding": "gzip", "x_grpc_web": "1"}
    request = _rest(target, "POST", f"{_SERVICE}/ListAvailableSlots", body, **kind)
    _again(0.2, _asked(target, lambda: request))


def names(target: Target) -> None:
    """Paths that nobody has asked for before, two hundred a second."""
    kind = {"content_type": "application/grpc-web+proto"}

    def request() -> bytes:
        return _rest(target, "POST", f"/grpc.health.v1.Health/{random.getrandbits(64):x}", bytes(5), **kind)

    _again(0.005, _asked(target, request))


def violations(target: Target) -> None:
    """Requests with a hundred mistakes each, twenty a second."""
    asked = urlencode([("doctor_ids", f"{number:x}" * 20) for number in range(16, 116)])
    _again(0.05, _asked(target, lambda: _rest(target, "GET", f"/api/schedules/slots:watch?{asked}")))


def wide_streams(target: Target) -> None:
    """Streams of 150 doctors on distinct dates, as many as are allowed, opened again and again."""
    held: list[socket.socket] = []

    def more() -> None:
        for each in held:
            answers[each.recv(12)[9:12].decode(errors="replace") or "closed"] += 1
            each.close()
        held.clear()
        for date in random.sample(target.dates, 10):
            asked = urlencode([("date", date), *(("doctor_ids", each) for each in target.doctor_ids[:150])])
            held.append(target.connected())
            held[-1].sendall(_rest(target, "GET", f"/api/schedules/slots:watch?{asked}"))

    _again(2, more)


def searches(target: Target) -> None:
    """Searches over a whole clinic, ten a second."""

    def request() -> bytes:
        first = random.randrange(len(target.dates) - 14)
        days = {"from_date": target.dates[first], "to_date": target.dates[first + 13], "limit": 50}
        asked = urlencode({"clinic_id": target.clinic_id} | days)
        return _rest(target, "GET", f"/api/schedules/available-slots:search?{asked}")

    _again(0.1, _asked(target, request))


def cut_calls(target: Target) -> None:
    """Calls with a part of a message that end there, or never go on: fifty a second."""
    held: list[socket.socket] = []
    turns = iter(range(1_000_000))

    def more() -> None:
        part = b"\0\0\0\0\x40abc"
        ends = next(turns) % 2 == 0
        held.append(_calls(target, f"{_SERVICE}/ListAvailableSlots", 5, message=part, ends=ends))
        del held[:-50]

    _again(0.1, more)


def stalled(target: Target) -> None:
    """Streams of a whole clinic of which a byte a second is read, opened again when they are ended."""

    def opened() -> socket.socket:
        made = target.connected(receive_buffer=2_048)
        asked = urlencode({"clinic_id": target.clinic_id, "date": target.dates[0]})
        made.sendall(_rest(target, "GET", f"/api/schedules/slots:watch?{asked}"))
        return made

    held = [opened() for _ in range(20)]

    def sip() -> None:
        for number, each in enumerate(held):
            try:
                ended = not each.recv(1)
            except TimeoutError:
                ended = False
            except OSError:
                ended = True
            if ended:
                answers["ended"] += 1
                held[number] = opened()

    _again(1, sip)


ATTACKS: dict[str, Callable[[Target], None]] = {
    "idle health checks": idle_checks,
    "idle Health/Watch": idle_watches,
    "gzip bombs": bombs,
    "invented paths": names,
    "floods of violations": violations,
    "streams of 150 doctors": wide_streams,
    "big searches": searches,
    "cut calls": cut_calls,
    "stalled readers": stalled,
}


if __name__ == "__main__":
    _, chosen, file, said = sys.argv
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        ATTACKS[chosen](Target(**json.loads(Path(file).read_text())))
    finally:
        Path(said).write_text(json.dumps(answers))
