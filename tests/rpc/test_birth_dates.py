"""Birth dates of patients: as much of them as is known, and none in the future."""

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from tests.rpc.patients import get, register, update
from yoyaku.v1.patient_pb2 import Patient


@pytest.mark.parametrize("known", ["1950", "1950-05", "1950-05-17"])
async def test_as_much_of_a_birth_date_as_is_known_is_kept(scene: Scene, known: str) -> None:
    patient = await register(scene, birth_date=known)
    assert patient.birth_date == known
    changed = await update(scene, Patient(birth_date="1951"), patient_id=patient.id)
    assert changed.birth_date == "1951"
    assert (await get(scene.staff, patient.id)).birth_date == "1951"
    assert (await update(scene, Patient(birth_date=known), patient_id=patient.id)).birth_date == known


async def test_a_birth_date_may_be_today_where_the_day_begins_first(scene: Scene, clock: Clock) -> None:
    clock.now = clock.now.replace(hour=10)
    staff = await scene.worker.client("staff", clinic_ids=[scene.clinic_id])
    assert (await register(scene, staff, birth_date="2026-03-03")).birth_date == "2026-03-03"
