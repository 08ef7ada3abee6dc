"""How often somebody may try to sign in: guessing is slowed, and nobody locks another out."""

import asyncio
import time
from collections.abc import Awaitable

import grpc
import pytest

from server.usecases.identity.sign_in_limits import TURN
from tests.fixtures.callers import refusal
from tests.fixtures.people import EMAIL, PASSWORD, People
from tests.fixtures.waiting import until
from tests.fixtures.worker import Refusal
from yoyaku.v1 import auth_service_pb2 as pb


async def test_the_sixth_attempt_within_a_minute_is_refused_whether_or_not_there_is_an_account(people: People) -> None:
    await people.join()
    for email in (EMAIL, "nobody@example.org"):
        for _ in range(5):
            assert (await refusal(people.login(email, "not the password"))).reason == "SIGN_IN_FAILED"
        for _ in range(2):
            late = await refusal(people.login(email))
            assert (late.code, late.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
            assert late.retry_seconds
            assert 50 < late.retry_seconds <= 60
    assert "example.org" not in str(await people.scene.worker.parts.token_store.keys())


async def test_all_spellings_of_an_email_are_one_account_with_one_number_of_attempts(people: People) -> None:
    await people.join()
    assert await people.login(EMAIL.upper())
    for email in (EMAIL, EMAIL.upper(), EMAIL.title(), EMAIL.capitalize(), EMAIL):
        assert (await refusal(people.login(email, "not the password"))).reason == "SIGN_IN_FAILED"
    assert (await refusal(people.login(EMAIL.swapcase()))).reason == "TOO_MANY_ATTEMPTS"


WRONG = "not the password"


NETWORK, NEIGHBOUR, ELSEWHERE = "2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"


def sign_in(people: People, email: str, address: str, password: str = WRONG) -> Awaitable[pb.LoginResponse]:
    request, metadata = pb.LoginRequest(email=email, password=password), (("x-envoy-external-address", address),)
    stub = people.scene.worker.stranger().auth
    call: Awaitable[pb.LoginResponse] = stub.Login(request, metadata=metadata)
    return call


async def reason_of(call: Awaitable[pb.LoginResponse]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as info:
        await call
    return Refusal.of(info.value).reason


async def test_a_right_password_gets_through_whoever_else_fails_at_the_address(people: People) -> None:
    await people.join()
    for number in range(70):
        assert await reason_of(sign_in(people, f"nurse{number}@example.org", NETWORK)) == "SIGN_IN_FAILED"
    assert (await sign_in(people, EMAIL, NEIGHBOUR, PASSWORD)).access_token


async def fail_at(people: People, address: str, number: int = 60) -> None:
    """Fail to sign in with as many accounts."""
    for each in range(number):
        assert await reason_of(sign_in(people, f"nurse{each}@example.org", address)) == "SIGN_IN_FAILED"


async def test_after_sixty_failures_at_an_address_a_typing_error_there_locks_nobody_out(people: People) -> None:
    await people.join()
    await fail_at(people, NETWORK)
    for _ in range(4):
        assert await reason_of(sign_in(people, EMAIL, NEIGHBOUR)) == "SIGN_IN_FAILED"
    assert (await sign_in(people, EMAIL, NEIGHBOUR, PASSWORD)).access_token


async def test_right_passwords_use_up_no_attempts(people: People) -> None:
    await people.join()
    for _ in range(4):
        assert await reason_of(sign_in(people, EMAIL, NETWORK)) == "SIGN_IN_FAILED"
    for _ in range(7):
        assert (await sign_in(people, EMAIL, NETWORK, PASSWORD)).access_token
    late = [await reason_of(sign_in(people, EMAIL, NETWORK)) for _ in range(2)]
    assert late == ["SIGN_IN_FAILED", "TOO_MANY_ATTEMPTS"]


async def spray(people: People, number: int = 40) -> list[str]:
    """Try one password with many accounts at once."""
    tries = (reason_of(sign_in(people, f"doctor{each}@example.org", NETWORK)) for each in range(number))
    return await asyncio.gather(*tries)


async def test_who_tries_one_password_with_many_accounts_is_slowed_at_that_address_alone(people: People) -> None:
    await fail_at(people, NETWORK)
    begin = time.monotonic()
    answers = await spray(people)
    seconds = time.monotonic() - begin
    # While passwords take all of a slow machine, Valkey may seem to be away: such a try is refused too.
    assert set(answers) - {"TOKEN_STORE_UNAVAILABLE"} == {"SIGN_IN_FAILED", "TOO_MANY_ATTEMPTS"}
    assert answers.count("SIGN_IN_FAILED") <= 1 + seconds / TURN.total_seconds()
    for other in (ELSEWHERE, "::ffff:192.0.2.1", "no address"):
        assert await reason_of(sign_in(people, "typist@example.org", other)) == "SIGN_IN_FAILED"


async def test_who_has_signed_in_at_an_address_before_waits_for_nobody_there(people: People) -> None:
    await people.join()
    await sign_in(people, EMAIL, NETWORK, PASSWORD)
    await fail_at(people, NETWORK)
    spraying = asyncio.create_task(spray(people))
    await until(lambda: people.scene.worker.parts.token_store.keys("*turns*"))
    assert (await sign_in(people, EMAIL, NEIGHBOUR, PASSWORD)).access_token
    assert not spraying.done()
    await spraying


async def test_guesses_from_many_addresses_do_not_lock_the_owner_out_at_a_familiar_one(people: People) -> None:
    await people.join()
    await sign_in(people, EMAIL, NETWORK, PASSWORD)
    guesses = [await reason_of(sign_in(people, EMAIL, f"192.0.2.{number}")) for number in range(1, 22)]
    assert guesses == ["SIGN_IN_FAILED"] * 20 + ["TOO_MANY_ATTEMPTS"]
    assert (await sign_in(people, EMAIL, NETWORK, PASSWORD)).access_token
    assert await reason_of(sign_in(people, EMAIL, ELSEWHERE, PASSWORD)) == "TOO_MANY_ATTEMPTS"
    guesses = [await reason_of(sign_in(people, EMAIL, NETWORK)) for _ in range(6)]
    assert guesses == ["SIGN_IN_FAILED"] * 5 + ["TOO_MANY_ATTEMPTS"]


async def test_who_guesses_at_one_address_does_not_lock_the_owner_out_at_another(people: People) -> None:
    await people.join()
    guesses = [await reason_of(sign_in(people, EMAIL, NETWORK)) for _ in range(30)]
    assert guesses == ["SIGN_IN_FAILED"] * 5 + ["TOO_MANY_ATTEMPTS"] * 25
    assert (await sign_in(people, EMAIL, ELSEWHERE, PASSWORD)).access_token


async def test_from_many_addresses_an_account_has_twenty_tries_a_minute(people: People) -> None:
    guesses = [await reason_of(sign_in(people, EMAIL, f"192.0.2.{number}")) for number in range(1, 23)]
    assert guesses == ["SIGN_IN_FAILED"] * 20 + ["TOO_MANY_ATTEMPTS"] * 2
