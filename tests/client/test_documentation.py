"""docs/client.md says what is so."""

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import yoyaku
from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from yoyaku.errors import CLASSES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/client.md").read_text()


async def test_its_program_runs_as_written(scene: Scene, clock: Clock) -> None:
    clock.now = datetime.now(UTC)
    token = await scene.worker.parts.tokens.issue(await scene.book.account("patient", patient_id=scene.patient_id))
    [program] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", program,
        env={
            "PYTHONPATH": str(ROOT / "clients"), "APPOINTMENTS_ADDRESS": f"http://{scene.worker.address}",
            "APPOINTMENTS_TOKEN": token or "", "PATIENT": scene.patient_id, "DOCTOR": scene.doctor_id,
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert err.decode() == ""
    booked, listed = out.decode().splitlines()
    assert booked.split()[1] == "09:00"
    assert listed.endswith(" 09:00 Mori Hana")


def test_every_error_is_in_its_table() -> None:
    named = {kind.__name__ for kind in CLASSES.values()}
    assert named <= set(re.findall(r"`(\w+)`", TEXT))
    assert named <= set(yoyaku.__all__)
