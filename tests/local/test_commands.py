"""Commands and settings of a running system: what they print, and where; which pages of other origins may call."""

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from server.__main__ import COMMANDS
from server.edge.limits import parse
from server.local.processes.ports import free
from tests.fixtures.stack import ROOT, Copy, copied
from tests.fixtures.waiting import eventually
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

ORIGIN = "https://app.hospital.example"
ALLOWED = "access-control-allow-origin"
WATCH = "/yoyaku.v1.ScheduleService/WatchSlots"
NOT_TRIED = {
    "up": "the fixture starts the system",
    "down": "test_whole_stack stops it",
    "reset": "test_whole_stack removes it",
    "logs": "below, with make",
    "psql": "below, with make",
    "serve": "below",
    "worker": "below",
    "healthy": "of the image: it asks the worker of its own container",
    "promote": "of tests/faults: it needs a primary that was lost",
    "release": "of test_whole_stack: it needs another checkout",
    **dict.fromkeys(
        ["backup", "backups", "check-backup", "restore", "after-restore"], "of tests/ops: they need backups"
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    with copied(tmp_path_factory.mktemp("a checkout"), YOYAKU_ORIGINS=f"{ORIGIN} http://localhost:5173") as copy:
        started = copy.run("up", "--detach")
        assert started.returncode == 0, started.stderr
        yield copy


@pytest.mark.parametrize("listener", ["edge", "edge_tls"])
def test_pages_of_the_origins_that_are_set_may_call_and_follow_and_no_others(copy: Copy, listener: str) -> None:
    stack = copy.stack()
    token = {"authorization": f"Bearer {copy.run('token', 'patient').stdout.strip()}"}
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    with httpx.Client(base_url=stack[listener], verify=False, headers={"origin": ORIGIN}) as page:  # noqa: S501  # made here
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,x-grpc-web"}
        for path in ("/api/appointments", WATCH):
            assert page.options(path, headers=asked).headers[ALLOWED] == ORIGIN
        assert page.get("/api/clinics", headers=token).headers[ALLOWED] == ORIGIN
        assert page.get("/api/clinics").headers[ALLOWED] == ORIGIN  # a refusal can be read too
        query = {"doctor_ids": stack["doctors"][0], "date": day}
        with page.stream("GET", "/api/schedules/slots:watch", params=query, headers=token) as answer:
            assert answer.headers[ALLOWED] == ORIGIN
            assert next(answer.iter_lines()).startswith("data:")
        request = WatchSlotsRequest(doctor_ids=[stack["doctors"][0]], date=day).SerializeToString()
        body = b"\0" + len(request).to_bytes(4, "big") + request
        kind = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
        with page.stream("POST", WATCH, content=body, headers=token | kind) as answer:
            assert answer.headers[ALLOWED] == ORIGIN
            assert next(answer.iter_raw())[0] == 0
        for other in ("http://localhost:3000", "https://app.hospital.example.org", "null"):
            assert ALLOWED not in page.get("/api/clinics", headers=token | {"origin": other}).headers


def test_every_command_prints_data_on_standard_output_and_nothing_else(copy: Copy) -> None:
    tried = {
        "archive": ["."],
        "audit-checkpoint": ["checkpoint", "--first"],
        "certificate": ["a certificate"],
        "check-zones": [],
        "demo": [],
        "downtime-sheets": ["sheets", "--once"],
        "envoy-config": ["--directory", "an edge", "--worker", "127.0.0.1:1"],
        "export-fhir": ["exported"],
        "import-fhir": ["an export"],
        "invite-admin": ["new.admin@hospital.example"],
        "limits": [],
        "log-level": [],
        "metrics": [],
        "migrate": [],
        "outbox": [],
        "record-retention": [copy.stack()["clinics"][0]],
        "restore-archive": ["none.jsonl.gz"],
        "roles": [],
        "rotate-keys": [],
        "rotate-record-keys": [],
        "status": ["--json"],
        "token": ["staff"],
        "verify-audit": [],
        "workers": [],
    }
    assert COMMANDS.keys() - NOT_TRIED == tried.keys()
    (copy.root / "an export").mkdir()
    settings = environment_of(copy)
    with ThreadPoolExecutor(2) as pool:
        ended = dict(zip(tried, pool.map(lambda name: run(copy, settings, name, *tried[name]), tried), strict=True))
    for name, each in ended.items():
        told = (name, each.returncode, each.stdout, each.stderr)
        if each.returncode == 0:
            assert each.stdout, told
            assert all(is_log(line) for line in each.stderr.splitlines()), told
        else:
            assert (each.returncode, each.stdout) == (1, ""), told
            assert each.stderr.splitlines()[-1].startswith("error: "), told
    assert {name for name, each in ended.items() if each.returncode} == {"import-fhir", "restore-archive"}
    assert {"accounts", "clinics", "doctors"} <= json.loads(ended["demo"].stdout).keys()
    assert json.loads(ended["status"].stdout)
    assert str(parse(ended["limits"].stdout.split())) == ended["limits"].stdout.strip()
    assert ended["roles"].stdout == (ROOT / "docs" / "roles.md").read_text()
    assert ended["token"].stdout.count(".") == 2


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_what_runs_for_long_logs_json_on_standard_error(copy: Copy, name: str, tmp_path: Path) -> None:
    (port,) = free(1)
    settings = environment_of(copy) | {"YOYAKU_LISTEN": f"127.0.0.1:{port}", "YOYAKU_METRICS_LISTEN": ""}
    output, errors = tmp_path / "output", tmp_path / "errors"
    with output.open("wb") as out, errors.open("wb") as err:
        command = [sys.executable, "-m", "server", name]
        with subprocess.Popen(command, cwd=copy.root, env=settings, stdout=out, stderr=err) as process:
            try:
                eventually(lambda: errors.read_text().endswith("\n"), otherwise=errors.read_text)
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
            finally:
                process.kill()
    assert output.read_text() == ""
    assert all(is_log(line) for line in errors.read_text().splitlines())


def test_make_shows_status_and_logs_and_opens_the_database(copy: Copy) -> None:
    prepared_for_make(copy)
    about = str(uuid.uuid4())
    with copy.client("patient") as client:
        answer = client.get("/api/doctors", headers={"x-request-id": about})
    assert answer.headers["x-request-id"] == about
    status = make(copy, "status")
    assert {"processes", "database", "valkey:", "errors"} <= set(status.split())
    logs = copy.root / ".yoyaku" / "logs"
    eventually(lambda: sum(about in each.read_text() for each in logs.glob("*.log")) > 1, otherwise=lambda: about)
    lines = [json.loads(line) for line in make(copy, "logs", f"ID={about}").splitlines()]
    assert {line["request_id"] for line in lines} == {about}
    assert {line["event"] for line in lines} == {"request", "call"}
    counted = make(copy, "psql", text="\\pset format unaligned\nSELECT 'doctors: ' || count(*) FROM doctors;\n")
    assert "doctors: 6" in counted


def environment_of(copy: Copy) -> dict[str, str]:
    """What commands need that look for settings instead of a running system."""
    stack = copy.stack()
    return copy.environment | {
        "YOYAKU_DATABASE_URL": stack["database_url"],
        "YOYAKU_CACHE_URL": stack["valkey_url"],
        "YOYAKU_TOKEN_STORE_URL": stack["valkey_url"],
        "YOYAKU_KEY_ENCRYPTION_KEY_FILE": stack["key_encryption_key_file"],
    }


def run(copy: Copy, settings: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """A command as a script would run it; only `migrate` cannot find the running system by itself."""
    if command[0] == "migrate":
        return Copy(copy.root, settings).run(*command)
    return copy.run(*command)


def is_log(line: str) -> bool:
    with suppress(ValueError):
        return bool({"event", "level", "timestamp"} <= json.loads(line).keys())
    return False


def prepared_for_make(copy: Copy) -> None:
    """Lets `make` find in the copy what is already built here."""
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
        shutil.copy(ROOT / name, copy.root)
    environment = copy.root / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "activate").write_text(f"VIRTUAL_ENV='{environment}'\n")
    python = environment / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in ("installed", "built"):
        (environment / name).touch()


def make(copy: Copy, *arguments: str, text: str = "") -> str:
    """What a target of the Makefile prints."""
    settings = {name: value for name, value in copy.environment.items() if not name.startswith(("MAKE", "MFLAGS"))}
    ended = subprocess.run(
        ["make", *arguments],
        cwd=copy.root,
        env=settings | {"PAGER": "cat", "PATH": os.environ["PATH"]},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
