"""Children, their ends, and what is left when a supervisor is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.local import LocalError, state, stop
from server.local.processes.process import start
from tests.fixtures.waiting import eventually
from tests.local.test_state import sample

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = """
import sys, time
from pathlib import Path
from server.local.processes.process import start
print(start("child", [sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1])).pid, flush=True)
time.sleep(60)
"""


def test_child_that_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = start("worker-1", [sys.executable, "-c", "print('no database'); raise SystemExit(3)"], tmp_path / "log")
    child.popen.wait()
    with pytest.raises(LocalError, match=r"worker-1 ended unexpectedly \(status 3\)(?s:.*)no database"):
        child.check()


def test_child_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    ignore = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    )
    child = start("stubborn", [sys.executable, "-c", ignore], tmp_path / "log")
    child.wait_until(lambda: "on" in (tmp_path / "log").read_text(), 10)
    child.stop(seconds=0.1)
    assert child.popen.returncode == -signal.SIGKILL


def test_child_in_the_background_yields_to_others_as_a_process_and_as_a_session(tmp_path: Path) -> None:
    session = Path("/proc/self/autogroup")
    tell = f"import os; print(os.nice(0)); {session.exists()} and print(open('{session}').read())"
    start("background", [sys.executable, "-c", tell], tmp_path / "log", niceness=7).popen.wait()
    said = (tmp_path / "log").read_text()
    assert said.startswith("7")
    assert "nice 7" in said or not session.exists()


def test_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for text in ("first", "second"):
        start("each", [sys.executable, "-c", f"print('{text}')"], tmp_path / "log").popen.wait()
    assert (tmp_path / "log").read_text() == "second\n"
    assert (tmp_path / "log.old").read_text() == "first\n"


def test_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path / "log"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert state.start_time(child)
        eventually(lambda: b"parent_death" not in Path(f"/proc/{child}/cmdline").read_bytes())
        parent.kill()
    eventually(lambda: not state.start_time(child))


def test_leftovers_are_stopped_last_first_and_strangers_left_alone(tmp_path: Path) -> None:
    children = {name: start(name, SLEEP, tmp_path / name) for name in ("valkey", "worker-1", "stranger")}
    noted = sample()
    for name, child in children.items():
        noted.record(name, child.pid)
    noted.started["stranger"] = "1"
    state.write(tmp_path, noted)
    said: list[str] = []

    def reap(what: str) -> None:
        said.append(what)
        child = children[what.partition(",")[0]].popen
        child.terminate()
        child.wait()

    assert stop.stop_stack(tmp_path, reap)
    assert said == ["worker-1, left over", "valkey, left over"]
    assert children["stranger"].popen.poll() is None
    children["stranger"].stop(5)
    assert not stop.stop_stack(tmp_path, reap)
