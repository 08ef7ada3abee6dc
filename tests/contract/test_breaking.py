"""The check that a change of the contract keeps what the last release promised."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROTO = Path("protos", "yoyaku", "v1", "doctor.proto")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of its own with the contract in one commit."""
    repository = tmp_path / "a checkout"
    shutil.copytree(ROOT / "protos", repository / "protos", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "buf.yaml", repository)
    (repository / ".gitignore").write_text("protos/third_party/\n")
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "-c", "user.name=t", "-c", "user.email=t@example", "commit", "--quiet", "-m", "first")
    return repository


def git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, check=True)


def check(repository: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, repository / "protos" / "breaking.py"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def change(repository: Path, old: str, new: str) -> None:
    text = (repository / PROTO).read_text()
    assert old in text
    (repository / PROTO).write_text(text.replace(old, new, 1))


def test_before_the_first_release_there_is_nothing_to_break(checkout: Path) -> None:
    answer = check(checkout)
    assert answer.returncode == 0
    assert "no release" in answer.stdout


def test_a_field_taken_away_breaks_the_release(checkout: Path) -> None:
    git(checkout, "tag", "v0.1.0")
    change(checkout, "  string specialty = 4;\n", "")
    answer = check(checkout)
    assert answer.returncode == 1
    assert "doctor.proto" in answer.stdout
    assert 'Previously present field "4"' in answer.stdout
    assert "v0.1.0" in answer.stderr


def test_a_field_added_does_not(checkout: Path) -> None:
    git(checkout, "tag", "v0.9.0")
    git(checkout, "tag", "v0.10.0")
    change(
        checkout,
        "  bool active = 6;\n",
        "  bool active = 6;\n  // Spoken languages.\n  repeated string languages = 99;\n",
    )
    answer = check(checkout)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "v0.10.0" in answer.stdout
