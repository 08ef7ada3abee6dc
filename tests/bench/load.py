"""Makes load. h2load sends one body again and again; bookings, each another one, come from cheap clients of ours."""

import asyncio
import re
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import grpc

from tests.bench.bare import HOST

CONNECTIONS = 4
CALLS_AT_ONCE = 16
_FRAME_HEAD = 5
_DATA = re.compile(r"traffic: .* \((\d+)\) data")
_DONE = re.compile(r"requests: .* 0 failed, 0 errored, 0 timeout")


B = TypeVar("B")
Sender: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
"""Sends the bytes of a message."""


class LoadError(Exception):
    """The calls were not answered as they should be; the text says how."""


@dataclass(frozen=True)
class Load:
    """What came of it: seconds in all, and of each call."""

    seconds: float
    latencies: Sequence[float]

    def percentile(self, share: float) -> float:
        """The latency within which that share of the calls was answered, in seconds."""
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))]


def framed(message: bytes) -> bytes:
    """A message as gRPC sends it."""
    return b"\0" + len(message).to_bytes(4, "big") + message


@dataclass(frozen=True)
class Hammer:
    """Calls by h2load: gRPC with a body, HTTP/1.1 without one."""

    scratch: Path
    token: str
    traceparent: str = ""
    """The header of each call over gRPC, if there is to be one."""

    def grpc(self, port: int, path: str, message: bytes, count: int, *, at_once: int, answer_bytes: int) -> Load:
        """Send a message `count` times; every answer must have that many bytes (LoadError)."""
        body = self.scratch / "body"
        body.write_bytes(framed(message))
        connections = min(CONNECTIONS, at_once)
        options = ["-c", str(connections), "-m", str(at_once // connections), "-d", str(body)]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        if self.traceparent:
            headers += ["-H", f"traceparent: {self.traceparent}"]
        return self._run([*options, *headers], port, path, count, answer_bytes + _FRAME_HEAD)

    def rest(self, port: int, path: str, count: int, *, at_once: int, answer_bytes: int) -> Load:
        """GET a path `count` times; every answer must have that many bytes (LoadError)."""
        return self._run(["--h1", "-c", str(at_once), "-m", "1"], port, path, count, answer_bytes)

    def _run(self, options: Sequence[str], port: int, path: str, count: int, answer_bytes: int) -> Load:
        log = self.scratch / "latencies"
        log.unlink(missing_ok=True)
        command = ["h2load", "-n", str(count), *options, "-H", f"authorization: Bearer {self.token}",
                   f"--log-file={log}", f"http://{HOST}:{port}{path}"]  # fmt: skip
        began = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        took = time.perf_counter() - began
        data = _DATA.search(output)
        # A refusal over gRPC is a success to h2load; only its size tells.
        if not _DONE.search(output) or not data or int(data[1]) != count * answer_bytes:
            raise LoadError(f"{path} on port {port}: not every answer was {answer_bytes} bytes long:\n{output}")
        rows = [line.split("\t") for line in log.read_text().splitlines()]
        return Load(took, [int(row[2]) / 1e6 for row in rows])


async def book_grpc(
    port: int,
    path: str,
    messages: Iterable[bytes],
    token: str,
    *,
    at_once: int = CALLS_AT_ONCE,
    traceparent: str = "",
) -> Load:
    """Send each message once over gRPC; every call must succeed (LoadError)."""
    metadata = [("authorization", f"Bearer {token}"), *([("traceparent", traceparent)] if traceparent else [])]
    async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
        call: Sender = channel.unary_unary(path)

        async def send(message: bytes) -> None:
            try:
                await call(message, metadata=metadata, timeout=10)
            except grpc.aio.AioRpcError as error:
                raise LoadError(f"{path} on port {port}: {error.code().name}: {error.details()}") from None

        return await spread(messages, [send] * at_once)


async def book_rest(port: int, path: str, bodies: Iterable[bytes], token: str) -> Load:
    """POST each body once over HTTP/1.1; every answer must be 201 (LoadError)."""
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    connections = [await asyncio.open_connection(HOST, port) for _ in range(CALLS_AT_ONCE)]

    def sender(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Callable[[bytes], Awaitable[None]]:
        async def send(body: bytes) -> None:
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = re.search(rb"\r\ncontent-length: (\d+)", answer)
            text = await reader.readexactly(int(length[1]) if length else 0)
            if not answer.startswith(b"http/1.1 201"):
                raise LoadError(f"{path} on port {port}: {answer.decode()}{text.decode()}")

        return send

    try:
        return await spread(bodies, [sender(*connection) for connection in connections])
    finally:
        for _, writer in connections:
            writer.close()


async def spread(bodies: Iterable[B], senders: Sequence[Callable[[B], Awaitable[None]]]) -> Load:
    """Send each once, by whichever sender has nothing to do."""
    waiting, latencies = iter(list(bodies)), []

    async def work(send: Callable[[B], Awaitable[None]]) -> None:
        for body in waiting:
            began = time.perf_counter()
            await send(body)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*map(work, senders))
    return Load(time.perf_counter() - began, latencies)
