"""Who writes to Valkey alone becomes nobody, and what somebody else signed is shown to nobody."""

import uuid
from datetime import date
from hashlib import sha256
from typing import Any

from db.valkey import days as kept
from db.valkey import pairings
from db.valkey.signer import Signer
from tests.fixtures.book import NOW
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.people import People
from tests.fixtures.watching import watch
from tests.fixtures.worker import Worker
from tests.live.test_days import rendered
from yoyaku.v1 import auth_service_pb2 as auth

DAY = date.fromisoformat(TUESDAY)


async def test_a_day_that_somebody_else_signed_is_shown_to_nobody(scene: Scene, worker: Worker) -> None:
    valkey, forged = worker.parts.cache, rendered(4_000_000_000, doctor_id=scene.doctor_id, epoch=9)
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        assert await kept.put_newer(valkey, Signer(b"of somebody else"), [forged], NOW) == 1
        booked = await scene.book_slot("09:00")
        await reader.day(scene.doctor_id, lambda day: (day.epoch, day.revision) == (1, booked.revision))
        assert {day.revision for day in reader.days()} == {0, booked.revision}
    assert await kept.get(valkey, worker.parts.signer, 9, [(scene.doctor_id, DAY)], NOW) == []


async def test_a_day_that_was_put_in_the_place_of_another_is_not_taken_for_it(scene: Scene, worker: Worker) -> None:
    valkey: Any = worker.parts.cache
    signer, other = worker.parts.signer, await scene.book.doctor(scene.clinic_id)
    await kept.put_newer(valkey, signer, [rendered(7, doctor_id=other)], NOW)
    [key] = await valkey.keys("slots:*")
    place = key.replace(other.encode(), scene.doctor_id.encode())
    await valkey.rename(key, place)
    assert await kept.get(valkey, signer, 1, [(scene.doctor_id, DAY)], NOW) == []
    assert not await valkey.exists(place)


async def test_who_writes_to_valkey_alone_cannot_make_a_session(scene: Scene, worker: Worker) -> None:
    store: Any = worker.parts.token_store
    stranger = worker.stranger()
    account = await worker.parts.accounts.invite_admin("new@example.org")
    request = auth.SetPasswordRequest(set_password_token=account.token, password="a long enough password")
    await stranger(stranger.auth.SetPassword, request)
    login = auth.LoginRequest(email="new@example.org", password="a long enough password")
    granted = await stranger(stranger.auth.Login, login)
    user_id, token_id, _ = granted.refresh_token.split(".")
    real = await store.hgetall(f"refresh:2:{user_id}:{token_id}")
    family = await store.hgetall(f"family:2:{user_id}:{real[b'family'].decode()}")
    made_up, secret = str(uuid.uuid4()), "known to a thief"
    key = f"refresh:2:{user_id}:{made_up}"
    for stored in (
        sha256(secret.encode()).hexdigest(),
        real[b"secret"],
        sha256(secret.encode()).hexdigest() + "00" * 16,
    ):
        await store.hset(key, mapping=real | {b"secret": stored, b"family": b"f"})
        await store.hset(f"family:2:{user_id}:f", mapping=family | {b"newest": key, b"generation": b"0"})
        refresh = auth.RefreshTokenRequest(refresh_token=f"{user_id}.{made_up}.{secret}")
        assert (await refusal(stranger(stranger.auth.RefreshToken, refresh))).reason == "SESSION_ENDED"


async def test_who_writes_to_valkey_alone_cannot_take_back_that_an_account_was_disabled(people: People) -> None:
    store: Any = people.scene.worker.parts.token_store
    account_id = await people.join()
    old = await people.login()
    kept_values = {key: await store.hgetall(key) for key in await store.keys(f"*:{account_id}:*")}
    await people.change_password(old)
    new = [key for key in await store.keys(f"refresh:*:{account_id}:*") if key not in kept_values]
    [grant] = [await store.hget(key, "grant") for key in new]
    for key, fields in kept_values.items():
        await store.hset(key, mapping=fields | {b"generation": b"1"})
    assert (await refusal(people.refresh(old.refresh_token))).reason == "SESSION_ENDED"
    [key] = [key for key in kept_values if key.startswith(b"refresh:")]
    await store.hset(key, "grant", grant)
    assert (await refusal(people.refresh(old.refresh_token))).reason == "SESSION_ENDED"


async def test_a_display_is_paired_by_no_other_than_the_one_that_shows_the_code(worker: Worker) -> None:
    store, signer = worker.parts.token_store, worker.parts.signer
    assert await pairings.add(store, signer, "ABCD2345", b"d" * 32, 60)
    assert await pairings.secret_hash(store, signer, "ABCD2345") == b"d" * 32
    for forged in (b"t" * 32, b"t" * 48):
        await store.set("pairing:2:code:ABCD2345", forged)
        assert await pairings.secret_hash(store, signer, "ABCD2345") is None
