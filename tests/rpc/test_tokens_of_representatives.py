"""The access tokens of who acts for others: they follow each beginning and each end."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.family import Family
from tests.fixtures.people import PASSWORD, People
from tests.fixtures.waiting import until
from tests.fixtures.worker import Refusal
from tests.rpc.patients import get, update
from yoyaku.v1.patient_pb2 import Patient


async def test_a_token_ends_at_the_birthday_and_the_next_one_acts_for_nobody(
    family: Family, people: People, clock: Clock
) -> None:
    email, password = "ken@example.org", PASSWORD
    await people.join(email)
    await family.add(email=email)
    clock.advance(datetime(2032, 5, 3, 14, 55, tzinfo=UTC) - clock.now)  # 23:55 in Tokyo
    tokens = await people.login(email, password)
    assert tokens.expires_in == 300
    parent = family.scene.worker.stranger(tokens.access_token)
    assert (await get(parent, family.child_id)).name == "Sato Mei"
    clock.advance(timedelta(minutes=5))
    assert (await refusal(get(parent, family.child_id))).reason == "TOKEN_EXPIRED"
    renewed = await people.refresh(tokens.refresh_token)
    assert renewed.expires_in == 900
    parent = family.scene.worker.stranger(renewed.access_token)
    assert (await refusal(get(parent, family.child_id))).reason == "PATIENT_NOT_FOUND"
    assert list((await family.me(parent)).represents) == []


async def test_a_beginning_is_felt_within_seconds_by_who_is_signed_in_and_by_nobody_else(
    family: Family, clock: Clock
) -> None:
    clock.advance(timedelta(seconds=1))
    await family.add()
    await family.scene.worker.parts.tokens.learn()
    # Also by a token that this worker has not seen before.
    for call in (family.me(family.parent), get(family.parent, family.child_id)):
        assert (await refusal(call)).reason == "TOKEN_EXPIRED"
    renewed = await family.signed_in()
    assert (await get(renewed, family.child_id)).name == "Sato Mei"
    assert (await get(family.scene.other, family.scene.other_id)).name


async def test_a_token_of_the_same_second_or_of_a_long_write_is_refused_and_one_from_after_the_write_is_not(
    family: Family, clock: Clock
) -> None:
    await family.add()
    after_write = await family.signed_in()
    await family.scene.worker.parts.tokens.learn()
    assert (await refusal(get(family.parent, family.child_id))).reason == "TOKEN_EXPIRED"  # of the same second
    # As if the clock had been read ten seconds before COMMIT, and the token been signed in between.
    await family.scene.book.run("UPDATE representatives SET created_at = created_at - interval '10 seconds'")
    await family.scene.worker.parts.tokens.learn()
    assert (await refusal(get(family.parent, family.child_id))).reason == "TOKEN_EXPIRED"
    assert (await get(after_write, family.child_id)).name == "Sato Mei"


async def test_who_began_lately_and_acts_no_longer_is_missed_in_no_token(family: Family) -> None:
    await family.add()
    await update(family.scene, Patient(inactive=True), "inactive", patient_id=family.child_id)
    parent = await family.signed_in()
    await family.scene.worker.parts.tokens.learn()
    assert (await get(parent, family.scene.patient_id)).name == "Sato Ken"


async def test_an_end_is_felt_within_seconds_and_a_new_beginning_at_once(family: Family) -> None:
    added = await family.add()
    parent = await family.signed_in()
    assert (await get(parent, family.child_id)).name == "Sato Mei"
    await family.end(added.id)

    async def is_refused() -> bool:
        try:
            await get(parent, family.child_id)
        except Refusal as refused:
            return refused.reason == "TOKEN_EXPIRED"
        return False

    await until(is_refused)
    renewed = await family.signed_in()
    assert (await refusal(get(renewed, family.child_id))).reason == "PATIENT_NOT_FOUND"
    assert (await get(renewed, family.scene.patient_id)).name == "Sato Ken"
    await family.add()
    assert (await get(await family.signed_in(), family.child_id)).name == "Sato Mei"
    assert (await refusal(get(parent, family.child_id))).reason == "TOKEN_EXPIRED"


async def test_a_token_from_after_an_end_is_not_refused_by_a_worker_that_has_yet_to_learn_of_it(family: Family) -> None:
    added = await family.add()
    await family.scene.worker.parts.tokens.learn()
    await family.end(added.id)
    renewed = await family.signed_in()
    assert (await get(renewed, family.scene.patient_id)).name == "Sato Ken"
    assert (await refusal(get(renewed, family.child_id))).reason == "PATIENT_NOT_FOUND"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("deceased", Patient(deceased=True)),
        ("inactive", Patient(inactive=True)),
        ("birth_date", Patient(birth_date="2014")),
    ],
)
async def test_for_a_patient_out_of_use_or_of_unknown_age_nobody_acts(
    family: Family, field: str, change: Patient
) -> None:
    await family.add()
    await update(family.scene, change, field, patient_id=family.child_id)
    parent = await family.signed_in()
    assert (await refusal(get(parent, family.child_id))).reason == "PATIENT_NOT_FOUND"
    assert [each.active for each in await family.list()] == [False]
