"""Unconfirmed addresses of patients for whom others act: they end with any who acted when they were asked for."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from server.usecases.directory import contact_ends
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.family import BORN, Family
from tests.rpc.patients import get, update
from yoyaku.v1.patient_pb2 import Patient

NEW = "new@example.org"


async def pending(family: Family) -> list[tuple[object, ...]]:
    """What waits to be confirmed, once what has ended is forgotten."""
    await family.scene.worker.parts.housekeeping.forget_contacts()
    return await family.scene.book.rows("SELECT value FROM contact_changes WHERE patient_id = %s", family.child_id)


async def birthday(family: Family, clock: Clock) -> None:
    clock.advance(datetime(2032, 5, 3, 15, tzinfo=UTC) - clock.now)


async def corrected_birth_date(family: Family, clock: Clock) -> None:
    staff = await family.scene.worker.client("staff", clinic_ids=[family.scene.clinic_id])
    await update(family.scene, Patient(birth_date="1999-05-04"), "birth_date", caller=staff, patient_id=family.child_id)


async def lower_age(family: Family, clock: Clock) -> None:
    await family.scene.book.run("UPDATE clinics SET representatives_until_age = 5")


async def disabled_account(family: Family, clock: Clock) -> None:
    await family.scene.book.run("UPDATE accounts SET disabled_at = now() WHERE id = %s", family.account_id)


@pytest.mark.parametrize("asks", ["parent", "staff"])
@pytest.mark.parametrize("end", [birthday, corrected_birth_date, lower_age, disabled_account])
async def test_a_new_address_is_dropped_with_the_end_of_who_acted_when_it_was_asked_for(
    family: Family, clock: Clock, end: Callable[[Family, Clock], Awaitable[None]], asks: str
) -> None:
    await update(family.scene, Patient(email="old@example.org"), patient_id=family.child_id)
    await family.add()
    clock.advance(datetime(2032, 5, 3, 14, tzinfo=UTC) - clock.now)  # an hour before the birthday
    staff = await family.scene.worker.client("staff", clinic_ids=[family.scene.clinic_id])
    caller = staff if asks == "staff" else await family.signed_in()
    await update(family.scene, Patient(email=NEW), caller=caller, patient_id=family.child_id)
    assert await pending(family) == [(NEW,)]
    await end(family, clock)
    assert await pending(family) == []


async def test_a_new_address_stays_when_only_somebody_has_ended_who_did_not_act_any_more(
    family: Family, clock: Clock
) -> None:
    await update(family.scene, Patient(email="old@example.org"), patient_id=family.child_id)
    await family.add(end_date=str(clock.now.date()))
    clock.advance(timedelta(days=2))
    staff = await family.scene.worker.client("staff", clinic_ids=[family.scene.clinic_id])
    await update(family.scene, Patient(email=NEW), caller=staff, patient_id=family.child_id)
    assert await pending(family) == [(NEW,)]


@pytest.mark.parametrize("end", [corrected_birth_date, lower_age])
async def test_who_acts_no_longer_asks_for_no_new_address_with_a_token_from_before(
    family: Family, clock: Clock, end: Callable[[Family, Clock], Awaitable[None]]
) -> None:
    await family.add()
    parent = await family.signed_in()
    await end(family, clock)
    refused = await refusal(update(family.scene, Patient(email=NEW), caller=parent, patient_id=family.child_id))
    assert refused.reason == "PATIENT_NOT_FOUND"


async def asked_by_parent(family: Family, patient_id: str) -> None:
    await update(family.scene, Patient(email="old@example.org"), patient_id=patient_id)
    await family.add(patient_id=patient_id)
    await update(family.scene, Patient(email=NEW), caller=await family.signed_in(), patient_id=patient_id)


async def shown(family: Family, patient_id: str) -> str:
    """The unconfirmed address as somebody sees it who has written nothing, from the cache if it is there."""
    admin = await family.scene.worker.client("admin")
    return str((await get(admin, patient_id)).pending_email)


async def test_a_dropped_address_is_shown_no_longer(family: Family, clock: Clock) -> None:
    await asked_by_parent(family, family.child_id)
    assert await shown(family, family.child_id) == NEW
    await lower_age(family, clock)
    assert await pending(family) == []
    assert await shown(family, family.child_id) == ""


async def test_an_address_that_was_not_confirmed_in_time_is_shown_no_longer(scene: Scene, clock: Clock) -> None:
    await update(scene, Patient(email="old@example.org"))
    await update(scene, Patient(email=NEW))
    clock.advance(timedelta(hours=24, seconds=-1))
    admin = await scene.worker.client("admin")
    assert (await get(admin, scene.patient_id)).pending_email == NEW
    clock.advance(timedelta(seconds=2))
    await scene.worker.parts.housekeeping.forget_contacts()
    assert (await get(admin, scene.patient_id)).pending_email == ""


async def test_a_family_that_fails_keeps_no_other_waiting(
    family: Family, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_ends, "BATCH", 1)
    children = sorted([family.child_id, *[await family.patient(f"Sato {name}", BORN) for name in ("Rin", "Aoi")]])
    for child_id in children:
        await asked_by_parent(family, child_id)
    await lower_age(family, clock)
    await family.scene.book.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'"
    )
    await family.scene.book.run(
        "CREATE TRIGGER refuse BEFORE DELETE ON contact_changes FOR EACH ROW"
        f" WHEN (OLD.patient_id = '{children[0]}') EXECUTE FUNCTION refuse()"
    )
    await family.scene.worker.parts.housekeeping.forget_contacts()
    left = await family.scene.book.rows("SELECT patient_id::text FROM contact_changes")
    assert [str(row[0]) for row in left] == children[:1]
