"""Logs: what each line is about, for whom it is laid out, and how an operator gets more or fewer of them."""

import asyncio
import io
import json
import os
import pty
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog

from db.valkey.client import create_client
from server.config import Settings
from server.local.processes import ports
from server.log_level import LogLevel
from server.telemetry import ended_calls, logs, traces
from server.usecases.sealing import signer_of_valkey
from server.wiring import wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from tests.fixtures.workers import ROOT
from yoyaku.v1.directory_service_pb2 import ListClinicsRequest
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceStub

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
REQUEST_ID = "0f4b2c68d1a54b7e9d3c5a7f1e2b4c6d"


def environment_of(settings: Settings, **others: str) -> dict[str, str]:
    """What a process needs to run with these settings."""
    secrets = {
        f"YOYAKU_{name.upper()}": getattr(settings, name).get_secret_value()
        for name in ("database_url", "key_encryption_key", "cache_url", "token_store_url")
    }
    return {**os.environ, **secrets, **others}


class Programs:
    """A worker and a notification worker that log into files, and commands of an operator."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self.settings = settings
        self.address = f"127.0.0.1:{ports.free(1)[0]}"
        self._directory = directory

    async def start(self, stack: AsyncExitStack) -> None:
        for command in ("serve", "worker"):
            environment = environment_of(self.settings, YOYAKU_LISTEN=self.address, YOYAKU_DRAIN_SECONDS="0")
            with (self._directory / command).open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "server", command, cwd=ROOT, env=environment, stderr=log
                )
            stack.push_async_callback(process.wait)
            stack.callback(process.terminate)

    def lines(self, command: str) -> list[dict[str, Any]]:
        """Each line is an object: nothing else is written to the log."""
        return [json.loads(line) for line in (self._directory / command).read_text().splitlines()]

    async def reached(self, event: str, commands: tuple[str, ...] = ("serve", "worker"), **values: Any) -> None:
        """Wait until all these processes have logged it."""

        async def all_have() -> bool:
            return all(
                any(line.items() >= {"event": event, **values}.items() for line in self.lines(command))
                for command in commands
            )

        await until(all_have)

    async def level(self, *arguments: str) -> str:
        """`python -m server log-level`."""
        command = [sys.executable, "-m", "server", "log-level", *arguments]
        done = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment_of(self.settings), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await done.communicate()
        assert done.returncode == 0
        return output.decode().strip()


@pytest.fixture
async def programs(database_url: str, valkey_urls: dict[str, str], tmp_path: Path) -> AsyncIterator[Programs]:
    async with AsyncExitStack() as stack:
        programs = Programs(settings_for(database_url, **valkey_urls), tmp_path)
        await programs.start(stack)
        yield programs


@pytest.fixture
async def call(programs: Programs, book: Book, clock: Clock) -> Callable[[str], Any]:
    """Calls the worker under a request id."""
    clock.now = datetime.now(UTC)
    async with wired(programs.settings) as parts:
        await parts.keys.ensure()
        token = await parts.tokens.issue(await book.account("admin"))

    async def call(request_id: str) -> None:
        metadata = (("authorization", f"Bearer {token}"), ("x-request-id", request_id))
        async with grpc.aio.insecure_channel(programs.address) as channel:
            await DirectoryServiceStub(channel).ListClinics(
                ListClinicsRequest(), metadata=metadata, wait_for_ready=True, timeout=30
            )

    return call


async def test_an_operator_changes_the_level_of_all_processes_while_they_run(
    programs: Programs, call: Callable[[str], Any]
) -> None:
    await call(REQUEST_ID)
    await programs.reached(
        "call",
        ("serve",),
        request_id=REQUEST_ID,
        method="/yoyaku.v1.DirectoryService/ListClinics",
        code="OK",
        level="info",
    )
    await programs.reached("notification worker starts", ("worker",))

    assert await programs.level("debug", "--minutes", "5") == "debug for 5 minutes"
    await programs.reached("log level changes", now="debug")
    await programs.reached("trip to the database", level="debug")

    assert await programs.level("error") == "error for 60 minutes"
    await programs.reached("log level changes", now="error")
    before = [len(programs.lines(command)) for command in ("serve", "worker")]
    await call("11111111")
    assert await programs.level() == "error for 60 minutes"
    assert await programs.level("reset") == "as configured (YOYAKU_LOG_LEVEL)"
    await programs.reached("log level changes", now="info")
    assert [len(programs.lines(command)) for command in ("serve", "worker")] == [count + 1 for count in before]


async def test_all_lines_of_a_call_have_its_request_id(programs: Programs, call: Callable[[str], Any]) -> None:
    await programs.level("debug")
    await programs.reached("log level changes", now="debug")
    await call(REQUEST_ID)
    await programs.reached("call", ("serve",), request_id=REQUEST_ID)
    await programs.reached("trip to the database", ("serve",), request_id=REQUEST_ID, level="debug")


async def test_a_level_that_no_worker_signed_is_ignored(valkey_urls: dict[str, str]) -> None:
    valkey = create_client(valkey_urls["cache_url"])
    ours, others = (LogLevel(valkey, signer_of_valkey(bytes([number] * 32)), "info") for number in (1, 2))
    try:
        await others.change("error", life := timedelta(minutes=1))
        assert await ours.wanted() is None
        await ours.change("error", life)
        assert await ours.wanted() == "error"
    finally:
        await valkey.aclose()


@pytest.mark.parametrize(("form", "is_json"), [("auto", False), ("console", False), ("json", True)])
async def test_lines_are_laid_out_for_people_in_a_terminal_and_are_json_elsewhere(form: str, is_json: bool) -> None:
    ours, theirs = pty.openpty()
    nowhere = settings_for("postgresql://127.0.0.1:1/nothing")
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "worker", cwd=ROOT, env=environment_of(nowhere, YOYAKU_LOG_FORMAT=form),
            stderr=theirs,
        )  # fmt: skip
        line = await asyncio.to_thread(os.read, ours, 4_096)
        process.kill()
        await process.wait()
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"notification worker starts" in line
    assert line.startswith(b'{"') is is_json
    assert (b"\x1b[" in line) is not is_json


@pytest.fixture
def configured() -> Iterator[None]:
    """Whatever a test does with the log is undone."""
    yield
    structlog.reset_defaults()
    logs.set_level("error")
    structlog.reset_defaults()


def test_a_log_that_was_closed_fails_nobody_and_goes_on_when_there_is_another(
    configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, first, second = structlog.get_logger(), io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    logs.configure("info")
    log.info("seen")
    first_lines = first.getvalue()
    first.close()
    log.info("lost")
    monkeypatch.setattr(sys, "stderr", second)
    log.info("seen again")
    assert json.loads(first_lines)["event"] == "seen"
    assert json.loads(second.getvalue())["event"] == "seen again"


async def test_the_line_of_a_call_is_written_as_all_others(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", ids=lambda: {"request_id": "r-1"})
    traces.call_arrived({"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-00"})
    ended_calls.call_ended(("/yoyaku.v1.A/B", "OK", None, 0.0123, "r-1", 'a"b', traces.current(), time.time()))
    structlog.get_logger().info(
        "call", method="/yoyaku.v1.A/B", code="OK", reason=None, milliseconds=12.3, caller='a"b'
    )
    await asyncio.sleep(0.1)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "A/B" in line]
    for line in lines:
        assert line.pop("timestamp").endswith("Z")
    assert lines[0] == lines[1]
    assert lines[0]["trace_id"] == TRACE_ID
    logs.configure("info", "console")
    ended_calls.call_ended(("/yoyaku.v1.A/B", "OK", None, 0.0123, "r-1", "someone", traces.current(), time.time()))
    await asyncio.sleep(0.1)
    assert "request_id=r-1" in capsys.readouterr().err
