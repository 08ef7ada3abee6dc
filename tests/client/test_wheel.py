"""The client as a hospital system gets it: the wheel alone, in an environment of its own."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.client.stand_in import standing_in
from yoyaku.v1 import appointment_service_pb2 as pb

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SOURCES = ("pyproject.toml", "LICENSE", "protos", "clients", "envoy", "docs/client.md")
PROGRAM = """
import json, sys
from importlib.util import find_spec
from yoyaku import BlockingClient
from yoyaku.__main__ import app

with BlockingClient(sys.argv[1]) as client:
    revision = client.get_appointment("a").revision
tops = {name.partition(".")[0] for name in sys.modules}
missing = [name for name in ("server", "db") if not find_spec(name)]
print(json.dumps({"revision": revision, "imported": sorted(tops), "missing": missing}))
"""


def closure(names: Iterable[str]) -> set[str]:
    """Distributions and all that they need here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        each = canonicalize_name(waiting.pop())
        if each in found:
            continue
        found.add(each)
        needs = map(Requirement, distribution(each).requires or ())
        waiting += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def link(name: str, into: Path) -> None:
    """Make what a distribution installed visible in a directory, and nothing of its neighbours."""
    installed = distribution(name)
    for file in installed.files or ():
        source, target = Path(str(installed.locate_file(file))), into / file
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: the build makes the generated code again."""
    copy = tmp_path_factory.mktemp("wheel") / "a checkout"
    (copy / "docs").mkdir(parents=True)
    for name in SOURCES:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, copy / name, ignore=ignored) if source.is_dir() else shutil.copy(source, copy / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--disable-pip-version-check", "--wheel-dir", copy, copy],
        check=True,
    )  # fmt: skip
    return next(copy.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and its declared dependencies as they are installed here."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    [packages] = home.glob("lib/python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", home / "bin/python", "install", "--quiet", "--no-deps", "--no-index",
         "--disable-pip-version-check", wheel],
        check=True,
    )  # fmt: skip
    metadata = next(packages.glob("yoyaku-*.dist-info/METADATA")).read_text()
    declared = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    for name in closure(Requirement(text).name for text in declared):
        link(name, packages)
    return home


async def test_the_wheel_alone_makes_calls(environment: Path, tmp_path: Path) -> None:
    async with standing_in(pb.GetAppointmentResponse(revision=3)) as server:
        ended = await _run(environment / "bin/python", "-W", "error", "-c", PROGRAM, server.address, cwd=tmp_path)
    answer = json.loads(ended)
    assert (answer["revision"], answer["missing"]) == (3, ["server", "db"])
    assert {"yoyaku", "grpc", "typer", "rich"} <= set(answer["imported"])
    assert not set(answer["imported"]) & {"sqlalchemy", "psycopg", "pydantic", "protovalidate", "grpc_status", "jwt"}


async def test_the_wheel_brings_the_command(environment: Path, tmp_path: Path) -> None:
    assert await _run(environment / "bin/yoyaku", "--version", cwd=tmp_path) == f"{VERSION}\n"


def test_the_wheel_holds_the_client_and_nothing_else(environment: Path) -> None:
    [packages] = environment.glob("lib/python*/site-packages")
    record = next(packages.glob("yoyaku-*.dist-info/RECORD")).read_text()
    tops = {line.partition("/")[0] for line in record.splitlines() if not line.startswith("..")}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"yoyaku", "buf"}
    assert "yoyaku/py.typed" in record
    assert "yoyaku/v1/appointment_service_pb2.pyi" in record


def test_the_wheel_describes_the_client(environment: Path) -> None:
    [packages] = environment.glob("lib/python*/site-packages")
    described = next(packages.glob("yoyaku-*.dist-info/METADATA")).read_text().partition("\n\n")[2]
    assert described == (ROOT / "docs" / "client.md").read_text()


async def _run(program: Path, *arguments: str, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, cwd=cwd, env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    return out.decode()
