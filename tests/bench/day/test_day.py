"""What would not show in the tables if it were wrong."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bench.day.crowd import Session
from tests.bench.day.database import durations
from tests.bench.day.load import HOST, Load, LoadPlan, connected
from tests.bench.day.report import GOALS
from tests.bench.day.tally import Calls, percentile

_HELD_SECONDS = 0.5
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"slots\":[]}"  # fmt: skip
_LOG = """
2026-03-02 09:00:00.000 UTC [7] LOG:  duration: 1.000 ms  parse <unnamed>: SELECT 1
2026-03-02 09:00:00.000 UTC [8] LOG:  duration: 9.000 ms  execute _pg3_0: SELECT 2
2026-03-02 09:00:00.000 UTC [7] LOG:  duration: 2.000 ms  bind <unnamed>: SELECT 1
2026-03-02 09:00:00.000 UTC [7] LOG:  duration: 4.000 ms  execute <unnamed>: SELECT 1
2026-03-02 09:00:00.000 UTC [7] LOG:  duration: 8.000 ms  statement: COMMIT
"""


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1, 100)])
def test_percentile_is_the_least_value_that_such_a_share_does_not_exceed(share: float, value: float) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == value
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2
    assert percentile([], share) == 0


def test_the_day_is_held_against_what_is_promised() -> None:
    assert {call: promised for call, (_, promised) in GOALS.items()} == {"create": 500, "list": 200, "slots": 300}


async def test_calls_start_while_others_wait_and_count_from_the_moment_that_they_were_planned_for() -> None:
    began, ended = asyncio.get_running_loop().time(), asyncio.Event()

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(began + _HELD_SECONDS - asyncio.get_running_loop().time())
                # In pieces, as a network may hand it over.
                for piece in (_ANSWER[:20], _ANSWER[20:45], _ANSWER[45:]):
                    writer.write(piece)
                    await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer_late, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    session = Session("token", staff=False, patient_ids=["patient"], doctor_ids=["doctor"])
    plan = LoadPlan(port, rate=200, warm_up=0, seconds=_HELD_SECONDS, sessions=[vars(session)], seed=3)
    began = asyncio.get_running_loop().time()
    [connection] = await connected(port, 1)
    load = Load(plan, [connection])
    await load.run()
    connection.close()
    server.close()
    await ended.wait()
    found = load.tally.calls.values()
    # Nothing was answered before all had been planned: a hundred, evenly from the whole wait to hardly any.
    assert 60 < sum(each.planned for each in found) < 140
    assert sum(each.failed for each in found) == 0
    seconds = [second for each in found for second in each.seconds]
    assert max(seconds) > 0.9 * _HELD_SECONDS
    assert percentile(seconds, 0.5) > 0.3 * _HELD_SECONDS


def test_what_was_never_answered_has_failed() -> None:
    assert Calls(planned=10, seconds=[0.1] * 6, refusals={"SLOT_TAKEN": 1}).failed == 3


def test_duration_of_a_statement_is_that_of_all_its_steps(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(_LOG)
    assert durations([tmp_path / "log"]) == [9, 7, 8]
