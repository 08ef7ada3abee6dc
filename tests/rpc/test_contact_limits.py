"""How many codes and warnings are sent to one address, in whatever case it is written."""

import asyncio
from datetime import timedelta

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Refusal
from tests.rpc.patients import register, update
from tests.rpc.test_contacts import NEW, OLD, kinds
from yoyaku.v1.patient_pb2 import Patient


@pytest.fixture
async def reachable(scene: Scene) -> Scene:
    """The scene, with a patient whose address staff took down."""
    assert (await update(scene, Patient(email=OLD))).email == OLD
    return scene


async def test_an_address_in_another_case_is_the_same_one(reachable: Scene) -> None:
    kept = await update(reachable, Patient(email="OLD@Example.org"))
    assert (kept.email, kept.pending_email) == (OLD, "")
    await reachable.book.run("UPDATE patients SET email = 'Old@Example.org'")  # as an earlier release kept it
    kept = await update(reachable, Patient(email="Old@Example.org"))
    assert (kept.email, kept.pending_email) == ("Old@Example.org", "")
    assert await kinds(reachable) == []


async def test_a_removed_address_is_taken_up_again_in_any_case_as_it_was_kept(reachable: Scene) -> None:
    await reachable.book.run("UPDATE patients SET email = 'Old@Example.org'")
    await update(reachable, Patient(), "email")
    again = await update(reachable, Patient(email="old@example.org"))
    assert (again.email, again.pending_email) == ("Old@Example.org", "")


async def test_one_address_gets_five_codes_a_day_whoever_asks(reachable: Scene, clock: Clock) -> None:
    others = [await register(reachable, email=f"old{number}@example.org") for number in range(6)]
    spellings = [NEW, "NEW@example.org", "New@example.org", "nEw@example.org", "new@EXAMPLE.org", "new@Example.org"]
    asked = [
        update(reachable, Patient(email=email), patient_id=patient.id)
        for email, patient in zip(spellings, others, strict=True)
    ]
    refused = [each for each in await asyncio.gather(*asked, return_exceptions=True) if isinstance(each, Refusal)]
    assert [each.reason for each in refused] == ["TOO_MANY_ATTEMPTS"]
    assert refused[0].retry_seconds
    [(sent,)] = await reachable.book.rows("SELECT count(*) FROM notifications WHERE recipient = %s", NEW)
    assert sent == 5
    clock.advance(timedelta(hours=24, seconds=1))
    staff = await reachable.worker.client("staff", clinic_ids=[reachable.clinic_id])
    assert (await update(reachable, Patient(email=NEW), caller=staff)).pending_email == NEW


async def test_one_patient_causes_ten_codes_a_day_and_five_warnings(reachable: Scene) -> None:
    for number in range(10):
        await update(reachable, Patient(email=f"new{number}@example.org"), caller=reachable.patient)
    more = await refusal(update(reachable, Patient(email=NEW), caller=reachable.patient))
    assert more.reason == "TOO_MANY_ATTEMPTS"
    sent = [kind for kind, _ in await kinds(reachable)]
    assert (sent.count("contact_code"), sent.count("contact_changed")) == (10, 5)
