"""Tables of `yoyaku` on terminals of 60, 80 and 120 columns: nothing is cut, nothing is broken inside a word."""

import re

import pytest
from rich.cells import cell_len

from tests.client.shell import Shell, shell_of
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku import Client

NAMES = ("Featherstonehaugh Maria", "山田 花子", "Ng")
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def admin(scene: Scene) -> Shell:
    """An admin's shell, at a clinic that has something in every table."""
    for time_slot, name in zip(("09:00", "09:30", "10:00"), NAMES, strict=True):
        await scene.book_slot(time_slot, scene.staff, patient_id=await scene.book.patient(name))
    await scene.book.run(
        "INSERT INTO notifications SELECT id, 'confirmation', id, NULL, 1, 'email', 'dead', 'outcome_unknown', 1,"
        " created_at, start_at, created_at, created_at FROM appointments"
    )
    await scene.book.run("UPDATE practitioners SET name = 'Wolfeschlegelstein Hana'")
    await scene.book.run("UPDATE clinics SET name = 'University Hospital, Department of Otorhinolaryngology'")
    shell = await shell_of(scene, "admin")
    async with Client(shell.address) as display:
        code = (await display.pair_display()).pairing_code
    assert (await shell("displays", "confirm", code, "--clinic", scene.clinic_id, "--name", "Waiting room 2")).code == 0
    return shell


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_tables_hold_whatever_the_width(scene: Scene, admin: Shell, columns: int) -> None:
    for words, expected in {
        ("appointments", "--clinic", scene.clinic_id, "--date", TUESDAY): 3,
        ("patients", "fea"): 1,
        ("doctors",): 1,
        ("clinics",): 1,
        ("search", TUESDAY, "--clinic", scene.clinic_id): 3,
        ("notifications",): 6,
        ("displays", "list", "--clinic", scene.clinic_id): 1,
        ("slots", scene.doctor_id, TUESDAY): 0,
        ("days", TUESDAY, "--doctor", scene.doctor_id): 0,
        ("hours", "show", scene.doctor_id): 0,
    }.items():
        shown = await admin.on_terminal(columns, *words)
        plain = await admin(*words)
        assert max(map(cell_len, shown.splitlines())) <= columns, shown
        assert len(ID.findall(shown)) == expected, shown
        # Every word that a pipe gets is there whole.
        assert set(plain.out.split()) <= set(shown.split()), shown


async def test_a_wide_terminal_has_a_row_for_each_appointment(scene: Scene, admin: Shell) -> None:
    shown = await admin.on_terminal(120, "appointments", "--clinic", scene.clinic_id, "--date", TUESDAY)
    title, header, *rows = shown.splitlines()
    assert title.strip() == "Times in Asia/Tokyo"
    assert header.split() == ["When", "Doctor", "Patient", "Status", "Id"]
    assert [row[:20] for row in rows if ID.search(row)] == [
        f"Tue {TUESDAY} {each}" for each in ("09:00", "09:30", "10:00")
    ]


async def test_a_narrow_terminal_has_a_block_for_each_appointment(scene: Scene, admin: Shell) -> None:
    shown = await admin.on_terminal(60, "appointments", "--clinic", scene.clinic_id, "--date", TUESDAY)
    assert len(re.findall(r"^Patient +\S", shown, re.MULTILINE)) == 3
    assert len(re.findall(rf"^Id +{ID.pattern}", shown, re.MULTILINE)) == 3
