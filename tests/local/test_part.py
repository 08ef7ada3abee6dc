import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server.local import LocalError, supervised_process
from server.local.process import Process, start
from server.local.supervised_process import SupervisedProcess


class Clock:
    """Stands for the module `time`: a pause takes none."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervised_process, "time", clock)
    return clock


def part_of(command: str, log: Path, note: Callable[[Process], None] = lambda _: None) -> SupervisedProcess:
    return SupervisedProcess(lambda: start("worker-1", [sys.executable, "-c", command], log), note=note, stop_seconds=5)


def end(ours: SupervisedProcess, times: int) -> None:
    """Let it end and start it again."""
    for _ in range(times):
        ours.process.popen.wait()
        ours.start_again()


def test_killed_process_is_replaced_and_noted_at_once(tmp_path: Path, clock: Clock) -> None:
    noted: list[int] = []
    ours = part_of("import time; time.sleep(60)", tmp_path / "log", lambda process: noted.append(process.pid))
    first = ours.process
    assert not first.ended
    first.popen.kill()
    assert first.how_it_ended == "signal SIGKILL"
    ours.start_again()
    assert not ours.process.ended
    assert noted == [first.pid, ours.process.pid]
    ours.stop()
    assert ours.process.popen.returncode == -signal.SIGTERM


def test_pauses_grow_and_the_fifth_end_within_a_minute_is_the_last(tmp_path: Path, clock: Clock) -> None:
    ours = part_of("print('no disk'); raise SystemExit(3)", tmp_path / "log")
    end(ours, 4)
    with pytest.raises(LocalError, match=r"worker-1 ended 5 times within a minute, .* status 3;(?s:.*)no disk"):
        end(ours, 1)
    assert clock.pauses == [0.5, 1, 2, 4]


def test_ends_of_more_than_a_minute_ago_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    ours = part_of("raise SystemExit(1)", tmp_path / "log")
    for _ in range(6):
        end(ours, 1)
        clock.now += 40
    assert clock.pauses == [0.5, 1, 1, 1, 1, 1]
    ours.process.popen.wait()
