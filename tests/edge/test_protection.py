"""What protects the edge besides limits of calls: TLS, sizes, times, metrics."""

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import httpx

from tests.edge.answers import reason
from tests.edge.clinic import Stack
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.fixtures.waiting import eventually


@contextmanager
def raw(edge: Edge, text: str) -> Iterator[socket.socket]:
    """A connection on which this was sent."""
    host, port = edge.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(text.encode())
        yield connection


def test_headers_have_a_size(edge: Edge) -> None:
    for headers in ({"x-large": "x" * 20_000}, {f"x-{number}": "x" for number in range(80)}):
        answer = httpx.get(f"{edge.url}/api/doctors", headers=headers)
        assert (answer.status_code, reason(answer)) == (431, "REQUEST_TOO_LARGE")


def test_who_sends_headers_or_a_body_too_slowly_is_cut_off(edge: Edge, stack: Stack) -> None:
    token = stack.clinic.tokens["patient"]
    head = f"POST /api/appointments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 100\r\n"
    began = time.monotonic()
    with raw(edge, head) as headers, raw(edge, f"{head}\r\n{{") as body:
        for answer in (headers.recv(4000), body.recv(4000)):
            assert answer.startswith(b"HTTP/1.1 408")
            assert b'"DEADLINE_PASSED"' in answer
        assert 5 < time.monotonic() - began < 20
        assert time.monotonic() - began < 30


def test_prometheus_gets_metrics_and_nothing_else(edge: Edge, rest: Rest) -> None:
    assert rest("patient", "GET", "/api/doctors").status_code == 200
    text = httpx.get(f"{edge.metrics}/stats/prometheus").text
    assert re.search(r"ListDoctors.* [1-9]", text)
    assert "envoy_http_downstream_rq_active" in text
    others = ("GET /", "POST /quitquitquit", "GET /config_dump", "POST /stats/prometheus", "GET /stats/prometheus/..")
    for method, path in map(str.split, others):
        assert httpx.request(method, f"{edge.metrics}{path}").status_code == 404


HEAP_BYTES = 150_000_000
SLOW_SECONDS = 8
LARGE = b"\0" + (1_000_000).to_bytes(4, "big") + b"x" * 900_000
"""Of a message the most, but not all."""


async def test_messages_that_never_end_are_given_up_before_memory_is(stack: Stack, tmp_path: Path) -> None:
    """Without a token, over many connections, 0.9 MB each, together twice of what there is."""
    local = [("grpc.use_local_subchannel_pool", 1)]
    workers = [("127.0.0.1", stack.port)]
    with running_envoy(tmp_path, workers=workers, limits=NO_LIMITS, heap_bytes=HEAP_BYTES) as edge:
        wait_for_readyz(edge, 200)
        async with AsyncExitStack() as exits:

            async def send(channel: grpc.aio.Channel) -> None:
                call: Any = channel.stream_unary("/yoyaku.v1.AuthService/Login")(timeout=30)
                with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await call.write(LARGE)
                    await asyncio.sleep(SLOW_SECONDS)

            address = edge.url.removeprefix("http://")
            channels = [
                await exits.enter_async_context(grpc.aio.insecure_channel(address, options=local)) for _ in range(10)
            ]
            async with asyncio.TaskGroup() as group, httpx.AsyncClient(base_url=edge.url) as http:
                for number in range(320):
                    group.create_task(send(channels[number % 10]))
                    await asyncio.sleep(0.02)
                until, most = time.monotonic() + SLOW_SECONDS, 0
                while time.monotonic() < until:
                    stats = (await http.get(f"{edge.admin}/stats?filter=^server.memory_allocated$")).text
                    most = max(most, int(stats.rpartition(" ")[2]))
                    assert (await http.get("/api/auth/jwks")).status_code == 200
                    await asyncio.sleep(0.1)
    assert most < HEAP_BYTES


INVENTED = [
    ("/grpc.health.v1.Health/{}", "application/grpc"),
    ("/grpc.health.v1.Health/{}", "application/grpc-web+proto"),
    ("/yoyaku.v1.DirectoryService/{}", "application/grpc"),
    ("/yoyaku.v1.DirectoryService/{}", "application/grpc-web+proto"),
    ("/yoyaku.v1.{}/ListDoctors", "application/grpc-web-text"),
    ("/api/{}", "application/grpc"),
    ("/api/{}", "application/grpc-web+proto"),
    ("/api/{}", "application/json"),
    ("/{}/{}", "application/grpc"),
    ("/board/{}", "text/html"),
]


def test_names_that_callers_invent_get_into_neither_metrics_nor_the_log(edge: Edge, rest: Rest) -> None:
    def metrics() -> set[str]:
        return {line.partition(":")[0] for line in httpx.get(f"{edge.admin}/stats").text.splitlines()}

    def invent(turn: int) -> None:
        for path, kind in INVENTED:
            for who in ("nobody", "patient"):
                token = {"authorization": f"Bearer {rest.stack.clinic.tokens[who]}"} if who != "nobody" else {}
                name = f"Invented{turn}"
                headers = {"content-type": kind, "x-grpc-web": "1", "te": "trailers", **token}
                command = ["curl", "-s", "--http2-prior-knowledge", "--max-time", "10", "-X", name, "--data", name]
                command += [option for key, value in headers.items() for option in ("-H", f"{key}: {value}")]
                url = edge.url + path.format(name, name)
                for way in (command, [*command, "-X", "POST"]):
                    subprocess.run([*way, "-H", f"x-request-id: turn-{turn:05}", url], check=True, capture_output=True)

    def grown(turn: int) -> set[str]:
        before = metrics()
        invent(turn)
        return metrics() - before

    # The first calls make Envoy's own metrics, some of them seconds later; callers' names would add to them each time.
    assert not all(grown(turn) for turn in range(1, 5))
    invent(5)
    eventually(lambda: edge.log().count("turn-00005") == 4 * len(INVENTED))
    assert "Invented" not in edge.log()


def test_headers_that_grpc_cannot_take_cost_neither_the_call_nor_the_worker(edge: Edge, rest: Rest) -> None:
    authorization = {"authorization": f"Bearer {rest.stack.clinic.tokens['patient']}"}
    for header in (
        {"x+a": "1"},
        {"x`$a": "1"},
        {"a-bin": "!!!"},
        {"grpc-trace-bin": "?"},
        {"grpc-previous-rpc-attempts": "x"},
        {"grpc-retry-pushback-ms": "x"},
    ):
        for _ in range(5):
            answer = rest.http.get("/api/doctors", headers=authorization | header)
            assert answer.status_code == 200, header
    ejections = httpx.get(f"{edge.admin}/stats?filter=^cluster.workers.*ejections_enforced_total").text
    assert ejections.strip().endswith(": 0")
