"""Calls that stretch the protocols: each is answered by the contract, and costs nobody else anything."""

import asyncio
import base64
import re
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from server.edge.limits import Bucket
from tests.edge.answers import reason
from tests.edge.clinic import Stack
from tests.edge.envoys import NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest

SLOTS = "/yoyaku.v1.ScheduleService/ListAvailableSlots"
KEYS = "/yoyaku.v1.AuthService/GetSigningKeys"
CUT = {"empty": b"", "half a head": b"\0\0", "half a message": b"\0\0\0\0\x10abc", "endless": b"\0\xff\xff\xff\xff"}


def posted(edge: Edge, path: str, content: bytes, *options: str) -> tuple[str, float]:
    """What curl shows of the answer's head, and the seconds until it came."""
    command = ["curl", "-s", "-i", "--max-time", "20", "-X", "POST", "--data-binary", "@-", *options, edge.url + path]
    began = time.monotonic()
    answer = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    return answer.decode("latin1").partition("\r\n\r\n")[0], time.monotonic() - began


@pytest.mark.parametrize("content", CUT.values(), ids=CUT)
def test_a_grpc_call_that_never_begins_ends_at_once(edge: Edge, stack: Stack, content: bytes) -> None:
    token = f"authorization: Bearer {stack.clinic.tokens['patient']}"
    for kind, version in (("grpc", "--http2-prior-knowledge"), ("grpc-web+proto", "--http1.1")):
        head, seconds = posted(
            edge, SLOTS, content, version, "-H", token, "-H", f"content-type: application/{kind}", "-H", "te: trailers"
        )
        assert "grpc-status: 3" in head
        assert seconds < 4  # the deadline would come after five


async def test_calls_that_never_begin_take_no_place_of_others(edge: Edge) -> None:
    def admitted() -> int:
        stats = httpx.get(f"{edge.admin}/stats?filter=concurrency_limit").text
        return max(map(int, re.findall(r": (\d+)", stats)))

    before = admitted()
    async with grpc.aio.insecure_channel(edge.url.removeprefix("http://")) as channel:
        until = time.monotonic() + 3
        while time.monotonic() < until:
            calls: list[Any] = [channel.stream_unary(KEYS)(iter(()), timeout=10) for _ in range(16)]
            for call in calls:
                assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
            await asyncio.sleep(0.2)
            assert admitted() >= before


@pytest.mark.parametrize("who", ["anybody", "a patient"])
@pytest.mark.parametrize("options", [[], ["-H", "transfer-encoding: chunked"]])
def test_grpc_over_http_1_is_told_what_to_use(edge: Edge, stack: Stack, who: str, options: list[str]) -> None:
    if who == "a patient":
        options = [*options, "-H", f"authorization: Bearer {stack.clinic.tokens['patient']}"]
    head, _ = posted(edge, KEYS, b"\0\0\0\0\0", "--http1.1", "-H", "content-type: application/grpc+proto", *options)
    assert "grpc-status: 3" in head
    assert "gRPC-Web or REST" in head


@pytest.mark.parametrize("flags", [1, 2, 0x80, 0x81])
def test_a_frame_with_flags_is_refused(edge: Edge, flags: int) -> None:
    for kind, version in (("grpc", "--http2-prior-knowledge"), ("grpc-web+proto", "--http1.1")):
        head, _ = posted(edge, KEYS, bytes([flags]) + b"\0\0\0\0", version, "-H", f"content-type: application/{kind}")
        assert "grpc-status: 3" in head
        assert "send one frame" in head


def test_what_follows_the_message_is_refused(edge: Edge) -> None:
    for rest in (b"\0", b"\0\0\0\0\0", b"\x80\0\0\0\0"):
        head, _ = posted(
            edge, KEYS, b"\0\0\0\0\0" + rest, "--http1.1", "-H", "content-type: application/grpc-web+proto"
        )
        assert "grpc-status: 3" in head


def test_a_tunnel_is_refused_at_once(edge: Edge) -> None:
    """Envoy would wait for the end of it for 30 seconds."""
    host, port = edge.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n")
        answer = connection.recv(4000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"INVALID_REQUEST" in answer
    assert b"CONNECT is not offered" in answer


def test_http_1_0_is_told_what_to_use(edge: Edge) -> None:
    command = ["curl", "-s", "-i", "--http1.0", f"{edge.url}/api/auth/jwks"]
    answer = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "use HTTP/1.1 or HTTP/2" in answer
    assert "INVALID_REQUEST" in answer
    assert "gRPC" not in answer


@pytest.mark.parametrize(
    ("message", "code", "told"),
    [
        (b"\x0a\x03abc", grpc.StatusCode.NOT_FOUND, "UNKNOWN_METHOD"),
        (b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ],
)
def test_a_health_check_that_fails_says_why(
    channel: grpc.Channel, message: bytes, code: grpc.StatusCode, told: str
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)(message, timeout=10)
    status, info = rpc_status.from_call(refused.value), error_details_pb2.ErrorInfo()
    assert status
    assert status.details[0].Unpack(info)
    assert (refused.value.code(), info.reason) == (code, told)
    assert "google.protobuf" not in status.message


@pytest.mark.parametrize("size", [4_000, 8_000, 9_000, 12_000, 15_000])
def test_headers_of_up_to_16_kib_are_taken(rest: Rest, size: int) -> None:
    headers = {"authorization": f"Bearer {rest.stack.clinic.tokens['patient']}", "x-large": "x" * size}
    for _ in range(5):
        assert rest.http.get("/api/clinics", headers=headers).status_code == 200


@pytest.mark.parametrize("encoding", ["identity", "gzip", "chunked, identity"])
def test_an_unknown_transfer_encoding_is_a_bad_request(edge: Edge, encoding: str) -> None:
    host, port = edge.url.removeprefix("http://").split(":")
    head = f"POST /api/appointments HTTP/1.1\r\nhost: x\r\ntransfer-encoding: {encoding}\r\n\r\n{{}}"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(4_000).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert '"INVALID_REQUEST"' in answer


def test_a_body_that_was_compressed_is_not_inflated(rest: Rest) -> None:
    headers = {"authorization": f"Bearer {rest.stack.clinic.tokens['patient']}", "content-encoding": "gzip"}
    packed = base64.b64decode("H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==")
    answer = rest.http.post("/api/appointments", content=packed, headers=headers)
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")


def test_what_envoy_refuses_over_grpc_web_says_resource_exhausted(stack: Stack, tmp_path: Path) -> None:
    limits = replace(NO_LIMITS, address=Bucket(1, 1))
    with running_envoy(tmp_path, workers=[("127.0.0.1", stack.port)], limits=limits) as edge:
        wait_for_readyz(edge, 200)
        heads = [
            posted(edge, KEYS, b"\0\0\0\0\0", "--http1.1", "-H", "content-type: application/grpc-web+proto")[0]
            for _ in range(5)
        ]
    refused = [head for head in heads if "grpc-status: 8" in head]
    assert refused
    assert not [head for head in heads if "grpc-status: 14" in head]
    (details,) = re.findall("grpc-status-details-bin: (.*)", refused[0])
    assert b"RATE_LIMITED" in base64.b64decode(details.strip() + "==")
