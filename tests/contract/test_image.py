"""What the Dockerfile relies on: files, locks and imports; building the image is not needed to see it break."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from server.__main__ import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"server", "db", "yoyaku", "buf"}


def lock(name: str) -> dict[str, str]:
    """Distribution and pinned version."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))


def unmet(wanted: list[str], locked: dict[str, str]) -> list[str]:
    """Those requirements that no pinned version meets."""
    needs = [(text, Requirement(text)) for text in wanted]
    names = [(text, need, canonicalize_name(need.name)) for text, need in needs]
    return [text for text, need, name in names if name not in locked or locked[name] not in need.specifier]


def instructions(name: str) -> list[list[str]]:
    """The words of each instruction of that name in the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split()[1:] for line in text.splitlines() if line.startswith(f"{name} ")]


def copied() -> list[str]:
    """What the Dockerfile takes from the checkout."""
    return [source for words in instructions("COPY") if not words[0].startswith("--from") for source in words[:-1]]


def is_sent(path: str) -> bool:
    """Whether a build sees the path: the last pattern that matches it or a directory above it decides."""
    steps = [path, *map(str, PurePosixPath(path).parents)]
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and any(fnmatch(step, pattern) for step in steps):
            sent = line.startswith("!")
    return sent


def imported() -> Iterator[tuple[str, Path]]:
    """Top-level name of every import of the code in the image, and where it stands."""
    for path in (path for folder in ("server", "db", "clients") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((name.name.partition(".")[0], path) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], path


def test_what_the_dockerfile_copies_is_there_and_is_sent_to_the_build() -> None:
    assert len(copied()) > 5
    assert [source for source in copied() if not (ROOT / source).exists() or not is_sent(source)] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".yoyaku/stack.json",
        ".env",
        "tests/conftest.py",
        "server/__pycache__/wiring.pyc",
        "clients/yoyaku/v1/doctor_pb2.py",
        "protos/third_party/google/api/http.proto",
    ],
)
def test_the_build_does_not_see(path: str) -> None:
    assert not is_sent(path)


def test_every_import_of_the_server_is_pinned_in_its_lock() -> None:
    makers, locked = packages_distributions(), set(lock("requirements.lock"))
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for name, path in imported()
        if name not in OURS | sys.stdlib_module_names
        and not locked & {canonicalize_name(maker) for maker in makers.get(name, ())}
    }
    assert missing == set()


def test_the_lock_of_the_server_answers_pyproject() -> None:
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["server"]]
    assert unmet(wanted, lock("requirements.lock")) == []


def test_the_image_runs_the_versions_that_are_tested() -> None:
    assert lock("requirements.lock").items() <= lock("requirements-dev.lock").items()


def test_the_lock_for_development_pins_the_tools_of_the_build() -> None:
    assert unmet(PROJECT["build-system"]["requires"], lock("requirements-dev.lock")) == []


def test_the_image_says_which_release_it_is() -> None:
    labels = " ".join(word for words in instructions("LABEL") for word in words)
    for name in ("version", "revision"):
        assert f'org.opencontainers.image.{name}="${{{name.upper()}}}"' in labels


def test_only_an_image_by_its_digest_is_a_base() -> None:
    assert [words for words in instructions("ARG") if words[0].startswith("BASE")] == [["BASE"]]
    assert {words[0] for words in instructions("FROM")} == {"${BASE}"}


def test_the_image_says_whether_a_worker_is_healthy() -> None:
    [words] = instructions("HEALTHCHECK")
    assert json.loads(" ".join(words[words.index("CMD") + 1 :])) == ["python", "-m", "server", "healthy"]
    assert "healthy" in COMMANDS


def test_the_image_runs_as_an_ordinary_user_and_serves_by_default() -> None:
    assert instructions("USER") == [["10001:10001"]]
    assert instructions("ENTRYPOINT") == [['["python",', '"-m",', '"server"]']]
    assert instructions("CMD") == [['["serve"]']]
