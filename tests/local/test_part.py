import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.local.processes import supervised_process
from server.local.processes.disk import lacking_space
from server.local.processes.process import Process, start
from server.local.processes.supervised_process import LONGEST_PAUSE_SECONDS, SupervisedProcess


class Clock:
    """Stands for the module `time`: a pause takes none."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervised_process, "time", clock)
    return clock


def part_of(command: str, log: Path, note: Callable[[Process], None] = lambda _: None) -> SupervisedProcess:
    return SupervisedProcess(lambda: start("worker-1", [sys.executable, "-c", command], log), note=note, stop_seconds=5)


def end(ours: SupervisedProcess, clock: Clock, times: int) -> list[float]:
    """Let it end and be started again; the pauses."""
    pauses = []
    for _ in range(times):
        ours.process.popen.wait()
        begin = clock.now
        while not ours.start_again():
            clock.now += 0.25
        pauses.append(clock.now - begin)
    return pauses


def test_killed_process_is_replaced_and_noted_at_once(tmp_path: Path, clock: Clock) -> None:
    noted: list[int] = []
    ours = part_of("import time; time.sleep(60)", tmp_path / "log", lambda process: noted.append(process.pid))
    first = ours.process
    assert not first.ended
    first.popen.kill()
    assert first.how_it_ended == "signal SIGKILL"
    end(ours, clock, 1)
    assert not ours.process.ended
    assert noted == [first.pid, ours.process.pid]
    ours.stop()
    assert ours.process.popen.returncode == -signal.SIGTERM


def test_pauses_grow_to_half_a_minute_and_it_is_never_given_up(tmp_path: Path, clock: Clock) -> None:
    ours = part_of("print('no disk'); raise SystemExit(3)", tmp_path / "log")
    assert end(ours, clock, 6) == [0.5, 1, 2, 4, 8, 16]
    assert end(ours, clock, 6)[-1] <= LONGEST_PAUSE_SECONDS
    ours.process.popen.wait()


def test_ends_of_more_than_a_minute_ago_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    ours = part_of("raise SystemExit(1)", tmp_path / "log")
    pauses = []
    for _ in range(6):
        pauses += end(ours, clock, 1)
        clock.now += 40
    assert pauses == [0.5, 1, 1, 1, 1, 1]
    ours.process.popen.wait()


def test_it_is_started_when_what_it_lacks_is_there(tmp_path: Path, clock: Clock) -> None:
    needed = [2**60]
    ours = SupervisedProcess(
        lambda: start("postgres", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log"),
        note=lambda _: None,
        stop_seconds=5,
        lacking=lambda: lacking_space(tmp_path, needed[0]),
    )
    ours.process.popen.kill()
    ours.process.popen.wait()
    for _ in range(20):
        assert not ours.start_again()
        clock.now += 10
    assert f"at {tmp_path}, 1099511627776 MB are needed: free some" in ours.waits_for
    needed[0] = 1
    assert ours.start_again()
    assert ours.waits_for == ""
    ours.stop()


def test_what_cannot_be_written_while_a_disk_is_full_is_tried_again(tmp_path: Path, clock: Clock) -> None:
    place = tmp_path / "logs"
    place.mkdir()
    ours = part_of("raise SystemExit(1)", place / "log")
    ours.process.popen.wait()
    shutil.rmtree(place)
    clock.now += 1
    assert not ours.start_again()
    clock.now += 1
    assert not ours.start_again()
    assert "No such file" in ours.waits_for
    place.mkdir()
    end(ours, clock, 1)
    ours.process.popen.wait()
