"""`yoyaku queue`: what a front desk does with tickets."""

import asyncio
import json
import sys

from tests.client.shell import CLIENTS, shell_of
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import PATIENCE_SECONDS


async def test_a_desk_calls_moves_and_closes_and_says_so_on_the_screens(scene: Scene) -> None:
    staff = await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])
    for label in ("A1", "A2", "A3"):
        assert (await staff("queue", "walk-in", "mori", "--json")).json["ticket"]["label"] == label
    moved = await staff("queue", "move", "mori", "A3", "1", "--reason", "in pain")
    assert moved.code == 0, moved.err
    assert (await staff("queue", "next", "mori", "--room", "Room 3", "--json")).json["ticket"]["label"] == "A3"
    assert (await staff("queue", "recall", "mori", "a3", "--json")).json["ticket"]["calls"] == 2
    assert "skipped" in (await staff("queue", "skip", "mori", "A3")).out
    announced = await staff("queue", "announce", "Tokyo", "Back at ten", "--doctor", "mori")
    assert announced.out == "screens say: Back at ten\n", announced.err
    assert (await staff("queue", "announce", "Tokyo", "")).out == "screens say nothing any more\n"
    assert (await staff("queue", "close", "mori")).out == "closed for today\n"
    shown = (await staff("queue", "show", "mori", "--json")).json["lane"]
    assert (shown["closed"], shown["announcement"]) == (True, "Back at ten")
    assert [each["label"] for each in shown["waiting"]] == ["A1", "A2"]


async def test_rules_are_shown_and_changed_one_by_one(scene: Scene) -> None:
    staff = await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])
    assert "10 minutes after the start" in (await staff("queue", "rules", "Tokyo")).out
    changed = (await staff("queue", "rules", "Tokyo", "--late", "20", "--no-show", "45", "--json")).json
    assert (changed["late_minutes"], changed["late_behind"], changed["no_show_minutes"]) == (20, 3, 45)
    back = (await staff("queue", "rules", "Tokyo", "--no-show", "0", "--json")).json
    assert back["late_minutes"] == 20
    assert "no_show_minutes" not in back


async def test_lanes_are_followed_as_they_change(scene: Scene) -> None:
    staff = await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])
    watching = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yoyaku", "queue", "watch", "Tokyo", "--json",
        env={"PYTHONPATH": str(CLIENTS), "APPOINTMENTS_ADDRESS": staff.address, "APPOINTMENTS_TOKEN": staff.token},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await staff("queue", "walk-in", "mori")
        assert watching.stdout
        line = await asyncio.wait_for(watching.stdout.readline(), PATIENCE_SECONDS)
        assert [each["label"] for each in json.loads(line)["waiting"]] == ["A1"]
    finally:
        watching.kill()
        await watching.wait()
