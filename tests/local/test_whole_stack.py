"""The whole system as `make up` and `make down` run it, in a copy of the checkout at a path with a space."""

import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.fixtures.predecessor import altered
from tests.fixtures.stack import Copy


def same(before: dict[str, int], after: dict[str, int]) -> set[str]:
    """The parts that have kept their process."""
    return {name for name, pid in before.items() if after[name] == pid}


@pytest.fixture(scope="module")
def bookings(copy: Copy) -> Iterator[dict[str, str]]:
    """Free slots of a doctor, as many as two patients may have."""
    today = datetime.now(UTC).date()
    days = [(today + timedelta(days=ahead)).isoformat() for ahead in range(12, 85)]
    times = {"patient": ("09:00", "10:00", "11:00"), "second_patient": ("09:30", "10:30", "11:30")}
    found = ((day, who, time_slot) for day in days for who in times for time_slot in times[who])
    # Who they are is known once the system runs.
    return (
        {
            "patient_id": copy.stack()["accounts"][who]["patient_id"],
            "doctor_id": copy.stack()["doctors"][0],
            "date": day,
            "time_slot": time_slot,
        }
        for day, who, time_slot in found
    )


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def book(client: httpx.Client, booking: dict[str, str]) -> str:
    """Book as a client should, with the same request_id until there is an answer; the appointment's id."""
    body = {"request_id": str(uuid.uuid4()), **booking}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.3)
        with suppress(httpx.TransportError):  # no Envoy for a moment
            answer = client.post("/api/appointments", json=body)
            time.sleep(int(answer.headers.get("retry-after", 0)))
            if answer.status_code not in {429, 503}:
                assert answer.status_code == 201, answer.text
                return str(answer.json()["appointment"]["id"])
    raise AssertionError(f"no answer but 429 and 503 for 60 seconds: {answer.text}")


def healthy_workers(copy: Copy) -> int:
    """How many workers Envoy gives calls to; none if there is no Envoy."""
    with suppress(httpx.TransportError):
        clusters = httpx.get(f"{copy.stack()['admin']}/clusters").text
        return len(re.findall(r"^workers::[\d.:]+::health_flags::healthy$", clusters, re.MULTILINE))
    return 0


def test_the_system_starts_books_keeps_and_stops(copy: Copy) -> None:
    started = copy.run("up", "--detach")
    assert started.returncode == 0, started.stderr
    stack = copy.stack()
    assert not re.search(r"(?<!\.venv/bin/)python -m server", started.stdout)
    assert 'process="notifications-' in httpx.get(stack["metrics"]).text
    assert {"patient", "second_patient", "doctor", "staff", "admin"} <= set(stack["accounts"])
    admin = stack["accounts"]["admin"]
    assert f"{admin['email']}  password: {admin['password']}" in started.stdout
    login = {"email": admin["email"], "password": admin["password"]}
    assert httpx.post(f"{stack['edge']}/api/auth/login", json=login).status_code == 200
    assert (copy.root / ".yoyaku" / "stack.json").stat().st_mode & 0o077 == 0
    assert "already" in (again := copy.run("up", "--detach")).stdout + again.stderr

    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    patient = stack["accounts"]["patient"]["patient_id"]
    booking = {"patient_id": patient, "doctor_id": stack["doctors"][0], "date": day, "time_slot": "10:00"}
    with copy.client("patient") as client:
        booked = client.post("/api/appointments", json=booking)
        assert booked.status_code == 201
        assert booked.headers["location"] == f"/api/appointments/{booked.json()['appointment']['id']}"
        assert booked.headers["etag"] == 'W/"1"'

    pids = stack["pids"]
    assert len(pids) == 9
    assert all(runs(pid) for pid in pids.values())
    stopped = copy.run("down")
    assert stopped.returncode == 0, stopped.stderr
    assert not [name for name, pid in pids.items() if runs(pid)]

    with ThreadPoolExecutor(2) as pool:
        twice = pool.map(lambda _: copy.run("up", "--detach"), range(2))
        one, other = sorted(twice, key=lambda each: each.returncode)
    assert (one.returncode, other.returncode) == (0, 1)
    assert "is already running" in other.stdout + other.stderr
    assert (copy.root / ".yoyaku" / "logs" / "up.log").read_text() == one.stdout
    assert one.stdout.startswith("  ok  PostgreSQL primary")
    with copy.client("patient") as client:
        listed = client.get("/api/appointments", params={"patient_id": patient}).json()
    assert [each["id"] for each in listed["appointments"]] == [booked.json()["appointment"]["id"]]


@pytest.mark.parametrize(
    "names", [{"worker-1"}, {"postgres-primary"}, {"postgres-standby", "valkey", "worker-2", "envoy"}]
)
@pytest.mark.usefixtures("running")
def test_killed_parts_run_again_and_no_booking_is_lost(
    copy: Copy, bookings: Iterator[dict[str, str]], names: set[str]
) -> None:
    before = copy.stack()["pids"]
    copy.run("limits", "booking=50/500")
    # A patient may have only so many appointments ahead, which is fewer than slow parts leave time for.
    with copy.client("staff") as client:
        booked = map(partial(book, client), bookings)
        acknowledged = [next(booked) for _ in range(3)]
        for name in names:
            os.kill(before[name], signal.SIGKILL)
        killed = time.monotonic()
        while names & same(before, copy.stack()["pids"]) or healthy_workers(copy) < 2:
            acknowledged.append(next(booked))
            assert time.monotonic() - killed < 90
        acknowledged += [next(booked) for _ in range(3)]
        for each in acknowledged:
            assert client.get(f"/api/appointments/{each}").status_code == 200
    after = copy.stack()["pids"]
    assert same(before, after) == before.keys() - names
    assert all(runs(pid) for pid in after.values())
    said = (copy.root / ".yoyaku" / "logs" / "up.log").read_text()
    assert all(f"{name} ended unexpectedly (signal SIGKILL" in said for name in names)


@pytest.mark.usefixtures("running")
def test_workers_come_go_and_are_renewed_without_a_failed_call(copy: Copy) -> None:
    before = copy.stack()["pids"]
    with copy.client("patient") as client, load(client) as statuses:
        assert copy.run("workers", "3", "--restart").returncode == 0
        assert healthy_workers(copy) == len(copy.stack()["workers"]) == 3
        assert same(before, copy.stack()["pids"]) == before.keys() - {"worker-1", "worker-2"}
        assert copy.run("workers", "2").returncode == 0
        assert healthy_workers(copy) == len(copy.stack()["workers"]) == 2
    assert len(statuses) > 50
    assert set(statuses) == {200}


@contextmanager
def load(client: httpx.Client) -> Iterator[list[int]]:
    """Calls, one after another, until the end; the status of each."""
    statuses: list[int] = []
    ending = threading.Event()

    def call() -> None:
        while not ending.wait(0.03):
            statuses.append(client.get("/api/clinics").status_code)

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        try:
            yield statuses
        finally:
            ending.set()
        calling.result()


@pytest.mark.usefixtures("running")
def test_another_release_takes_over_and_an_empty_directory_does_not(copy: Copy, tmp_path: Path) -> None:
    other = altered(tmp_path / "other", "server/__init__.py", "The server", "The other server")
    before = copy.stack()["pids"]
    with copy.client("patient") as client, load(client) as statuses:
        done = copy.run("release", "--to", str(other.directory), "--seconds", "1")
        assert done.returncode == 0, done.stderr
        refused = copy.run("release", "--to", str(tmp_path))
    after = {name: pid for name, pid in copy.stack()["pids"].items() if runs(pid)}
    assert f"all calls go to {other.directory}" in done.stdout
    assert (refused.returncode, "make .venv/built" in refused.stderr) == (1, True)
    workers = [name for name in after if name.startswith("worker-")]
    assert len(workers) == healthy_workers(copy) == 2
    for name in (*workers, "notifications"):
        assert after[name] not in before.values()
        assert Path(f"/proc/{after[name]}/cwd").readlink() == other.directory
    assert set(statuses) == {200}


@pytest.mark.usefixtures("running")
def test_reset_leaves_nothing(copy: Copy) -> None:
    assert copy.run("reset").returncode == 0
    assert not (copy.root / ".yoyaku").exists()
    refused = copy.run("token", "patient")
    assert refused.returncode == 1
    assert "make up" in refused.stderr
