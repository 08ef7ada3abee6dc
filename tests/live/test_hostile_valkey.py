"""What stands in Valkey is believed if a worker put it there: anything else counts as absent, and harms nobody."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from db.valkey import days as kept
from db.valkey.rates import Rate
from db.valkey.read_marks import ReadMarks
from server.domain.errors import DomainError
from server.usecases.identity.attempts import Attempts
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.watching import watch
from tests.fixtures.worker import Worker
from tests.live.test_profiles import doctor, patient
from yoyaku.v1 import auth_service_pb2 as auth


async def nonsense(valkey: Any, key: bytes) -> None:
    await valkey.set(key, b"x")


async def nothing(valkey: Any, key: bytes) -> None:
    await valkey.set(key, b"")


async def other_type(valkey: Any, key: bytes) -> None:
    await valkey.delete(key)
    await valkey.hset(key, mapping={b"secret": b"\xff", b"family": b"\xff", b"generation": b"\xff"})


async def half(valkey: Any, key: bytes) -> None:
    value = await valkey.get(key) if await valkey.type(key) == b"string" else b"x"
    await valkey.set(key, value[: len(value) // 2])


async def altered(valkey: Any, key: bytes) -> None:
    value = await valkey.get(key) if await valkey.type(key) == b"string" else b"x"
    await valkey.set(key, value[:-1] + bytes([value[-1] ^ 1]) if value else b"x")


Spoil = Callable[[Any, bytes], Awaitable[None]]
WAYS = [nonsense, nothing, other_type, half, altered]


async def spoil_all(valkey: Any, spoil: Spoil) -> list[bytes]:
    keys: list[bytes] = await valkey.keys("*")
    for key in keys:
        await spoil(valkey, key)
    return keys


def forget_days(worker: Worker) -> None:
    worker.parts.days._memory._days.clear()  # noqa: SLF001  # as after a long time


@pytest.mark.parametrize("spoil", WAYS)
async def test_days_and_profiles_are_answered_whatever_stands_in_their_place(
    scene: Scene, worker: Worker, spoil: Spoil
) -> None:
    await scene.book_slot("09:00")
    right = [await scene.slots(), await doctor(scene), await patient(scene)]
    keys = await spoil_all(worker.parts.cache, spoil)
    assert {key.split(b":")[0] for key in keys} >= {b"slots", b"profile"}
    for _ in range(3):
        forget_days(worker)
        assert [await scene.slots(), await doctor(scene), await patient(scene)] == right
    counts = worker.parts.days.counts.valkey, worker.parts.doctors.counts.valkey
    forget_days(worker)
    await asyncio.gather(scene.slots(), doctor(scene))
    # What is right has taken the place of what was not.
    assert (worker.parts.days.counts.valkey, worker.parts.doctors.counts.valkey) > counts


async def test_a_generation_that_is_none_can_be_raised(scene: Scene, worker: Worker) -> None:
    valkey = worker.parts.cache
    await scene.slots()
    await valkey.set("profiles:1:generation", b"x")
    assert [await doctor(scene) for _ in range(2)]
    worker.parts.doctors._is_distrusted = True  # noqa: SLF001  # as after a Valkey that was away
    await doctor(scene)
    generation: Any = await valkey.get("profiles:1:generation")
    assert generation.isdigit()


@pytest.mark.parametrize("told", [b"", b"x", b"\xff" * 300, bytes(128), bytes(4_000)])
async def test_what_is_published_by_others_ends_nothing_and_changes_nothing(
    scene: Scene, worker: Worker, told: bytes
) -> None:
    async with watch(scene.patient, scene.doctor_id, date=TUESDAY) as reader:
        await reader.day(scene.doctor_id, lambda day: day.revision == 0)
        with capture_logs() as logs:
            for _ in range(3):
                assert await worker.parts.cache.publish("slots:3", told) == 1
            booked = await scene.book_slot("09:00")
            await reader.day(scene.doctor_id, lambda day: day.revision == booked.revision)
    assert len([line for line in logs if line["log_level"] == "warning"]) <= 1
    assert not [line for line in logs if line["log_level"] == "error"]


@pytest.mark.parametrize("spoil", WAYS)
async def test_a_session_that_is_no_session_has_ended_and_its_owner_signs_in_again(
    scene: Scene, worker: Worker, spoil: Spoil
) -> None:
    store, stranger = worker.parts.token_store, worker.stranger()
    account = await worker.parts.accounts.invite_admin("new@example.org")
    request = auth.SetPasswordRequest(set_password_token=account.token, password="a long enough password")
    await stranger(stranger.auth.SetPassword, request)
    login = auth.LoginRequest(email="new@example.org", password="a long enough password")
    granted = await stranger(stranger.auth.Login, login)
    await spoil_all(store, spoil)
    refresh = auth.RefreshTokenRequest(refresh_token=granted.refresh_token)
    assert (await refusal(stranger(stranger.auth.RefreshToken, refresh))).reason == "SESSION_ENDED"
    await stranger(stranger.auth.Logout, auth.LogoutRequest(refresh_token=granted.refresh_token))
    assert (await stranger(stranger.auth.Login, login)).access_token


@pytest.mark.parametrize("held", [b"x", b"", b"1e300", b"-5", b"9" * 19, b"9" * 36, b"9" * 40])
async def test_a_mark_that_is_none_is_not_known_and_gives_way_to_the_next(
    worker: Worker, held: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, valkey = ReadMarks(worker.parts.cache, worker.parts.signer), worker.parts.cache
    await marks.share(1, "7")
    await marks.raise_to("a", 5)
    for spoilt in (valkey.set("mark:2:7:a", held), other_type(valkey, b"mark:2:7:a")):
        await spoilt
        assert await marks.get("a", 0) is None
        await marks.raise_to("a", 7)
        with monkeypatch.context() as later:
            later.setattr("db.valkey.read_marks.SETTLING_SECONDS", 0)
            assert await marks.get("a", 0) == 7
    await marks.aclose()


@pytest.mark.parametrize("held", [b"x", b"1e300", b"-5"])
async def test_a_rate_is_not_stopped_by_a_moment_that_is_none(worker: Worker, held: bytes) -> None:
    await worker.parts.cache.set("rate:1:test", held)
    rate = Rate(worker.parts.cache, "test", per_second=10)
    assert [await rate.take() for _ in range(2)] == pytest.approx([0, 0.1], abs=0.05)


@pytest.mark.parametrize("seconds", [599, 3_600])
async def test_a_rate_is_not_stopped_by_a_moment_far_ahead(worker: Worker, seconds: int) -> None:
    await worker.parts.cache.set("rate:1:test", (int(time.time()) + seconds) * 1_000_000)
    rate = Rate(worker.parts.cache, "test", per_second=100)
    assert [await rate.take() for _ in range(2)] == pytest.approx([0, 0.01], abs=0.005)


@pytest.mark.parametrize("made", [b"999999", b"-999999", b"9223372036854775807"])
async def test_a_count_that_lasts_longer_than_a_minute_locks_nobody_out_and_frees_nobody(
    worker: Worker, made: bytes
) -> None:
    attempts, store = Attempts(worker.parts.token_store), worker.parts.token_store
    await attempts.note("password of an account", "a")
    [key] = await store.keys("attempts:*")
    for life in (None, 86_400):
        await store.set(key, made, ex=life)
        assert await attempts.noted("password of an account", "a") == 0
        for _ in range(3):
            await attempts.admit("password of an account", "a", 3)
        with pytest.raises(DomainError, match="too many attempts"):
            await attempts.admit("password of an account", "a", 3)
        assert 0 < await store.ttl(key) <= 60


async def test_a_change_is_announced_though_what_stands_in_its_place_claims_to_be_newer(
    scene: Scene, worker: Worker
) -> None:
    valkey: Any = worker.parts.cache
    async with aclosing(kept.listen(valkey, worker.parts.signer)) as announced:
        assert await anext(announced) is None
        await scene.slots()
        [key] = await valkey.keys("slots:*")
        await valkey.set(key, b"\xff" * 300)
        booked = await scene.book_slot("09:00")
        async with asyncio.timeout(10):
            while (day := await anext(announced)) is None or day.revision < booked.revision:
                pass
        assert (await valkey.get(key))[:8] != b"\xff" * 8


async def test_a_day_and_a_profile_that_are_put_back_later_are_not_used(
    scene: Scene, worker: Worker, clock: Clock
) -> None:
    valkey: Any = worker.parts.cache
    await scene.slots()
    right = [await doctor(scene), await patient(scene)]
    values = {key: await valkey.get(key) for kind in ("slots", "profile") for key in await valkey.keys(f"{kind}:*")}
    assert {key.split(b":")[0] for key in values} == {b"slots", b"profile"}
    clock.advance(timedelta(hours=1, seconds=1))
    for key, value in values.items():
        await valkey.set(key, value)
    counts = worker.parts.days.counts.valkey, worker.parts.doctors.counts.valkey, worker.parts.patients.counts.valkey
    forget_days(worker)
    scene = replace(scene, patient=await worker.client("patient", patient_id=scene.patient_id))
    await scene.slots()
    assert [await doctor(scene), await patient(scene)] == right
    assert counts == (
        worker.parts.days.counts.valkey,
        worker.parts.doctors.counts.valkey,
        worker.parts.patients.counts.valkey,
    )


@pytest.mark.parametrize("prefix", [b"0:999999:", b"999999:1:", b"0:999999:9999999999999:"])
async def test_a_profile_with_a_number_that_no_worker_wrote_gives_way_to_the_right_one(
    scene: Scene, worker: Worker, prefix: bytes
) -> None:
    valkey: Any = worker.parts.cache
    await scene.slots()
    right = await doctor(scene)
    [key] = await valkey.keys("profile:1:doctor:*")
    value = await valkey.get(key)
    await valkey.set(key, prefix + value.split(b":", prefix.count(b":"))[-1])
    assert [await doctor(scene) for _ in range(2)] == [right] * 2
    assert await valkey.get(key) != value or 0 < await valkey.ttl(key) <= 3_600


async def test_a_change_that_nobody_makes_does_not_keep_a_profile_out_of_the_cache(
    scene: Scene, worker: Worker
) -> None:
    valkey: Any = worker.parts.cache
    await scene.slots()
    await doctor(scene)
    [key] = await valkey.keys("profile:1:doctor:*")
    await valkey.set(key, b"")
    await doctor(scene)
    assert await valkey.get(key)
