"""The whole system as `make up` and `make down` run it, in a copy of the checkout at a path with a space."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.local import ports

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("server", "db", "envoy", "clients")


@dataclass
class Copy:
    """A copy of the programs, with ports of its own."""

    root: Path
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """`python -m server COMMAND` in the copy."""
        return subprocess.run(
            [sys.executable, "-m", "server", *command],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def stack(self) -> dict[str, Any]:
        """What stack.json says."""
        found: dict[str, Any] = json.loads((self.root / ".yoyaku" / "stack.json").read_text())
        return found

    def client(self, role: str) -> httpx.Client:
        """A caller of the edge with a token for a demo account."""
        token = self.run("token", role).stdout.strip()
        return httpx.Client(base_url=self.stack()["edge"], headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The copy; whatever runs in it at the end is stopped."""
    root = tmp_path_factory.mktemp("a checkout")
    for name in PROGRAM:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    names = ("YOYAKU_PORT", "YOYAKU_TLS_PORT", "YOYAKU_ADMIN_PORT")
    free = dict(zip(names, map(str, ports.free(3)), strict=True))
    copy = Copy(root, {**os.environ, **free, "PYTHONPATH": str(root / "clients")})
    yield copy
    copy.run("reset")


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_the_system_starts_books_keeps_and_stops(copy: Copy) -> None:
    started = copy.run("up", "--detach")
    assert started.returncode == 0, started.stderr
    stack = copy.stack()
    assert {"patient", "second_patient", "doctor", "staff", "admin"} <= set(stack["accounts"])
    assert (copy.root / ".yoyaku" / "stack.json").stat().st_mode & 0o077 == 0
    assert "already" in (again := copy.run("up", "--detach")).stdout + again.stderr

    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    patient = stack["accounts"]["patient"]["patient_id"]
    booking = {"patient_id": patient, "doctor_id": stack["doctors"][0], "date": day, "time_slot": "10:00"}
    with copy.client("patient") as client:
        booked = client.post("/api/appointments", json=booking)
        assert booked.status_code == 201
        assert booked.headers["location"] == f"/api/appointments/{booked.json()['appointment']['id']}"
        assert booked.headers["etag"] == '"1"'

    pids = stack["pids"]
    assert len(pids) == 7
    assert all(runs(pid) for pid in pids.values())
    stopped = copy.run("down")
    assert stopped.returncode == 0, stopped.stderr
    assert not [name for name, pid in pids.items() if runs(pid)]

    assert copy.run("up", "--detach").returncode == 0
    with copy.client("patient") as client:
        listed = client.get("/api/appointments", params={"patient_id": patient}).json()
    assert [each["id"] for each in listed["appointments"]] == [booked.json()["appointment"]["id"]]


def test_the_tour_of_the_readme_works_as_pasted(copy: Copy) -> None:
    tour = (ROOT / "README.md").read_text().partition("## Two minutes")[2].partition("```sh\n")[2].partition("```")[0]
    # Only the addresses differ: this copy has ports and an environment of its own.
    here = tour.replace("http://127.0.0.1:8080", copy.stack()["edge"]).replace(".venv/bin/python", sys.executable)
    assert here.count("curl") == tour.count("curl") == 8
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here],
        cwd=copy.root,
        env=copy.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for words in ("201 Created", '"reason":"SLOT_TAKEN"', "yoyaku.v1.AlternativeSlots", "APPOINTMENT_STATUS_CANCELLED"):
        assert words in done.stdout
    assert "INVALID" not in done.stdout
    assert "NOT_FOUND" not in done.stdout


def test_reset_leaves_nothing(copy: Copy) -> None:
    assert copy.run("reset").returncode == 0
    assert not (copy.root / ".yoyaku").exists()
    refused = copy.run("token", "patient")
    assert refused.returncode == 1
    assert "make up" in refused.stderr
