"""Bounds on what strangers make Envoy keep: connections, addresses that are counted, lines of its log."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from server.edge.limits import Bucket, Limits
from tests.edge.envoys import Edge, running_envoy
from tests.fixtures.http2 import END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame
from tests.fixtures.waiting import eventually

COUNTED = 50_000
BURST = 1_000
STREAMS = 1_000
AT_ONCE = 500
ADDRESSES = Limits(address=Bucket(1, BURST))


def connected(url: str) -> socket.socket:
    host, port = url.rpartition("/")[2].split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def refused(edge: Edge, callers: Sequence[str], path: str = "/healthz") -> int:
    """How many of these calls, each from its own address, are refused."""
    before = counted(edge, "downstream_rq_4xx")
    for first in range(0, len(callers), AT_ONCE):
        answered = counted(edge, "downstream_rq_completed")
        sent = callers[first : first + AT_ONCE]
        with connected(edge.url) as connection:
            out = PREFACE + frame(SETTINGS, 0, 0, b"")
            for number, caller in enumerate(sent):
                headers = {":method": "GET", ":scheme": "http", ":path": path, ":authority": "x"}
                asked = block(headers | {"x-forwarded-for": caller})
                out += frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, asked)
            connection.sendall(out)
            eventually(lambda: counted(edge, "downstream_rq_completed") >= answered + len(sent))  # noqa: B023
    return counted(edge, "downstream_rq_4xx") - before


def counted(edge: Edge, name: str) -> int:
    [line] = httpx.get(f"{edge.admin}/stats?filter=^http.edge.{name}$").text.splitlines()
    return int(line.rpartition(" ")[2])


def test_of_more_addresses_than_are_counted_the_least_recently_seen_is_forgotten(tmp_path: Path) -> None:
    with running_envoy(tmp_path, workers=[], limits=ADDRESSES, trusted_hops=1) as edge:
        one = ["203.0.113.7"] * BURST
        assert refused(edge, one * 2) > BURST / 2
        assert refused(edge, [f"198.51.100.{number}" for number in range(200)]) == 0
        assert refused(edge, one) > BURST / 2  # still known
        refused(edge, [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(COUNTED)])
        assert refused(edge, one) == 0


def test_the_log_has_one_in_a_hundred_refused_calls(tmp_path: Path) -> None:
    with running_envoy(tmp_path, workers=[], limits=ADDRESSES, trusted_hops=1) as edge:
        callers = [f"198.51.100.{number}" for number in range(4) for _ in range(BURST)]
        for path, status, sent in (
            ("/healthz", 429, ["203.0.113.7"] * 4 * BURST),
            ("/api/appointments", 401, callers[: len(callers) // 2]),
            ("/api/nothing", 404, callers[len(callers) // 2 :]),
        ):
            found = refused(edge, sent, path)
            assert found > BURST
            line = f'"status":{status}'
            eventually(lambda: line in edge.log())  # noqa: B023
            assert edge.log().count(line) < found / 20


def test_more_connections_than_allowed_are_closed_and_those_of_operators_are_not(tmp_path: Path) -> None:
    with running_envoy(tmp_path, workers=[], connections=3) as edge, ExitStack() as stack:
        eventually(lambda: counted(edge, "downstream_cx_active") == 0)  # of the probe that found it alive
        for _ in range(3):
            stack.enter_context(connected(edge.url))
        eventually(lambda: counted(edge, "downstream_cx_active") == 3)
        with connected(edge.url) as one_more:
            assert one_more.recv(1) == b""
        for url in (f"{edge.admin}/ready", f"{edge.metrics}/stats/prometheus"):
            assert httpx.get(url).status_code == 200


def test_a_connection_is_told_how_many_calls_it_may_have_open(tmp_path: Path) -> None:
    with running_envoy(tmp_path, workers=[]) as edge, connected(edge.url) as connection:
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
        settings = connection.recv(4000)
    assert b"\0\x03" + STREAMS.to_bytes(4, "big") in settings
