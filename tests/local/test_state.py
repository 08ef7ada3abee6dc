import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from server.commands import running
from server.local import state
from server.local.state import StackState


def sample() -> StackState:
    return StackState(
        edge="http://127.0.0.1:8080",
        edge_tls="https://127.0.0.1:8443",
        admin="http://127.0.0.1:9901",
        grpc="127.0.0.1:8080",
        accounts={"patient": {"id": "p", "email": "p@example.com"}},
    )


def test_state_reads_as_it_was_written_and_only_by_its_owner(tmp_path: Path) -> None:
    written = sample()
    written.record("up", os.getpid())
    state.write(tmp_path, written)
    assert state.read(tmp_path) == written
    assert stat.S_IMODE((tmp_path / state.FILE).stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [state.FILE]


def test_no_state_and_a_torn_one_are_none(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    (tmp_path / state.FILE).write_text('{"edge": ')
    assert state.read(tmp_path) is None


def test_ended_process_and_another_of_the_same_number_do_not_run() -> None:
    noted = sample()
    noted.record("up", os.getpid())
    child = subprocess.Popen([sys.executable, "-c", ""])
    noted.record("worker-1", child.pid)
    child.wait()
    assert noted.running() == {"up": os.getpid()}
    noted.started["up"] = "1"
    assert noted.running() == {}


def test_a_stack_that_was_killed_is_not_taken_for_a_running_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "HOME", tmp_path)
    killed = sample()
    killed.record("up", os.getpid())
    state.write(tmp_path, killed)
    assert running.stack() == killed
    killed.started["up"] = "1"
    state.write(tmp_path, killed)
    with pytest.raises(typer.Exit):
        running.stack()
    assert "was killed: start it again with `make up`" in capsys.readouterr().err
