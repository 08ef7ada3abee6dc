"""The client follows days over lost connections and restarts; `yoyaku watch` shows them."""

import asyncio
import json
import re
import sys
from contextlib import aclosing
from typing import Any, cast

import pytest

from tests.client.shell import CLIENTS
from tests.fixtures.book import Book
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import PATIENCE_SECONDS, states
from tests.fixtures.workers import Fleet
from tests.races.calls import booking, create
from yoyaku import BlockingClient, Client
from yoyaku.v1.schedule_pb2 import ScheduleDay


async def day_at(days: Any, revision: int) -> ScheduleDay:
    """The day once it has a revision; until then revisions only rise."""
    before = -1
    async with asyncio.timeout(60):
        while True:
            day: ScheduleDay = await anext(days)
            assert day.revision >= before
            before = day.revision
            if day.revision == revision:
                return day


async def test_a_restarted_server_costs_no_change(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    [first, second] = await fleet.clients("staff", clinic_ids=[clinic])
    patients = [await book.patient() for _ in range(2)]
    token = dict(first.metadata)["authorization"].removeprefix("Bearer ")
    asked = booking(patients[0], doctor, "09:00")
    async with (
        Client(f"http://{fleet.addresses[0]}", token=token) as client,
        aclosing(client.watch_slots([doctor], date=asked.date)) as days,
    ):
        await day_at(days, 0)
        await create(second, asked)
        assert states(await day_at(days, 1))["09:00"] == "taken"
        await fleet.restart(0)
        await create(second, booking(patients[1], doctor, "10:00"))
        assert states(await day_at(days, 2))["10:00"] == "taken"


async def test_a_script_watches_without_a_loop_of_its_own(scene: Scene) -> None:
    token = dict(scene.staff.metadata)["authorization"].removeprefix("Bearer ")

    def script() -> dict[str, str]:
        with BlockingClient(f"http://{scene.worker.address}", token=token) as client:
            for day in client.watch_slots(clinic_id=scene.clinic_id, date=TUESDAY):
                if day.revision == 1:
                    return states(day)
        raise AssertionError

    await scene.book_slot("10:00")
    assert (await asyncio.to_thread(script))["10:00"] == "taken"


async def test_the_command_prints_a_line_for_each_change(scene: Scene) -> None:
    token = dict(scene.staff.metadata)["authorization"].removeprefix("Bearer ")
    environment = {
        "PYTHONPATH": str(CLIENTS),
        "APPOINTMENTS_TOKEN": token,
        "APPOINTMENTS_ADDRESS": f"http://{scene.worker.address}",
    }
    words = ["watch", "--clinic", scene.clinic_id, "--date", TUESDAY, "--json"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "yoyaku", *words, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert json.loads(await process.stdout.readline())["revision"] == 0
        await scene.book_slot("10:00")
        day = json.loads(await process.stdout.readline())
    assert (day["doctor_id"], day["revision"]) == (scene.doctor_id, 1)
    process.kill()
    await process.wait()


@pytest.mark.parametrize("terminal", [{"FORCE_COLOR": "1", "TERM": "xterm"}, {}], ids=["on a terminal", "into a pipe"])
async def test_the_command_draws_a_table(scene: Scene, terminal: dict[str, str]) -> None:
    token = dict(scene.staff.metadata)["authorization"].removeprefix("Bearer ")
    environment = {
        "PYTHONPATH": str(CLIENTS),
        "APPOINTMENTS_TOKEN": token,
        "APPOINTMENTS_ADDRESS": f"http://{scene.worker.address}",
        "COLUMNS": "120",
        **terminal,
    }
    await scene.book_slot("10:00")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "yoyaku", "watch", scene.doctor_id, "--date", TUESDAY,
        env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    shown = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while b"11:30" not in shown:
            shown += await process.stdout.read(4096)
    assert b"Mori Hana" in shown
    assert b"2026-03-03 (Asia/Tokyo)" in shown
    assert re.search(rb"\d\d:\d\d:\d\d in Asia/Tokyo", shown)
    process.kill()
    await process.wait()


async def test_the_command_says_when_the_server_is_gone_and_when_it_is_back(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    [first, _] = await fleet.clients("staff", clinic_ids=[clinic])
    environment = {
        "PYTHONPATH": str(CLIENTS),
        "APPOINTMENTS_TOKEN": dict(first.metadata)["authorization"].removeprefix("Bearer "),
        "APPOINTMENTS_ADDRESS": f"http://{fleet.addresses[0]}",
        "FORCE_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "120",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "yoyaku", "watch", doctor, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout

    async def screen(*, complains: bool) -> None:
        seen = b""
        while b"Mori Hana" not in seen or (b"The server has not answered since" in seen) != complains:
            seen = await cast("asyncio.StreamReader", process.stdout).read(4096)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await screen(complains=False)
        await fleet.kill(0)
        await screen(complains=True)
        await fleet.restart(0)
        await screen(complains=False)
    process.kill()
    await process.wait()
