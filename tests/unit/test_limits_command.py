"""`python -m server limits` shows the limits of the edge, and changes those that are named."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from server.edge.limits import Bucket, Limits
from server.edge.render import read_limits, write_limits

SET = replace(Limits(), login=Bucket(7, 8), subject=Bucket(5, 6))


def limits(directory: Path, *named: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "limits", *named, f"--directory={directory}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_limits_are_shown_and_stay_as_they_are(tmp_path: Path) -> None:
    write_limits(SET, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert limits(tmp_path).stdout == f"{SET}\n"
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_only_what_is_named_changes(tmp_path: Path) -> None:
    write_limits(SET, tmp_path)
    changed = replace(SET, subject=Bucket(100, 200), booking=Bucket(3, 4))
    assert limits(tmp_path, "subject=100/200", "booking=3/4").stdout == f"{changed}\n"
    assert read_limits(tmp_path) == changed


def test_a_wrong_limit_changes_nothing(tmp_path: Path) -> None:
    write_limits(SET, tmp_path)
    ended = limits(tmp_path, "subject=100/200", "booking=fast")
    assert (ended.returncode, "booking=fast is not a limit" in ended.stderr) == (1, True)
    assert read_limits(tmp_path) == SET


def test_a_directory_without_limits_is_told(tmp_path: Path) -> None:
    ended = limits(tmp_path)
    assert (ended.returncode, f"there are no limits in {tmp_path}" in ended.stderr) == (1, True)
