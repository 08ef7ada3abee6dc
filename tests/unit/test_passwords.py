"""Hashing of passwords: what is kept, how long it takes, how much of it there is at a time."""

import asyncio
import statistics
import time
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher

from server.domain.errors import DomainError
from server.usecases.identity.passwords import HASHER, Passwords


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(threads=1, queue=2)
    yield made
    made.close()


async def test_a_hash_is_argon2id_and_salted(passwords: Passwords) -> None:
    first, second = await passwords.hash("a password"), await passwords.hash("a password")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert await passwords.matches(first, "a password")
    assert not await passwords.matches(first, "another")


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_a_password_is_the_same_in_every_spelling_of_unicode(passwords: Passwords, form: Any) -> None:
    kept = await passwords.hash("がぎぐげご-Élodie-１２")
    assert await passwords.matches(kept, unicodedata.normalize(form, "がぎぐげご-Élodie-１２"))
    assert not await passwords.matches(kept, unicodedata.normalize(form, "かきくけこ-Elodie-12"))


async def test_space_of_japanese_keyboards_is_space(passwords: Passwords) -> None:
    assert await passwords.matches(
        await passwords.hash("正しい 馬 電池 ホチキス"), "正しい\u3000馬\u3000電池\u3000ホチキス"
    )


@pytest.mark.parametrize(
    "password",
    ["password1234", "qwertyuiop12", "aaaaaaaaaaaa", "123456789012", "password" * 25, "kei.mori@example.org",
     "ｐａｓｓｗｏｒｄ１２３４", "Summer2026!!", "Summ3r2026!!", "winter-2025-winter", "August2026!!",
     "Monday2026!!!", "Natsu2026!!!!",
     "夏2026!!!!!!!!!", "Yoyaku2026!!", "Y0y@ku2026!!!", "Hospital2026!", "SummerHospital2026!",
     "Welcome2026!!", "Tokyo2026August!",
     "Kei.Mori2026!", "M0ri.K3i.2026!!", "KeiMori12345!", "Qwerty2026!!!", "Liverpool2026!!", "correct horse",
     "tab\there and more", "abc\u0301\u0301", "zero\u200bwidth spaces"],
)  # fmt: skip
async def test_what_is_tried_first_or_cannot_be_typed_is_not_chosen(passwords: Passwords, password: str) -> None:
    with pytest.raises(DomainError) as refused:
        await passwords.check("password", password, ["kei.mori@example.org"])
    assert [each.field for each in refused.value.violations] == ["password"]
    assert password not in refused.value.message


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "blue fox runs",
        "three blind mice",
        "green-lantern-77",
        "my summer in kyoto",
        "nurses drink cold coffee",
        "in may the rain stops",
        "spring onion soup pot",
        "夏の朝に見た青い海と白い砂",
        "xk3!vQ9z#pLm",
        "がぎぐげご-Élodie-1234",
        "x7" + "kqz9vw" * 33,
        "🦊🌲 runs at dusk",
    ],
)
async def test_words_of_any_script_may_be_chosen(passwords: Passwords, password: str) -> None:
    await passwords.check("password", password, ["kei.mori@example.org"])


async def test_without_an_account_or_a_password_the_same_work_is_done(passwords: Passwords) -> None:
    kept = await passwords.hash("a password")
    for password_hash in (kept, None, "no hash at all"):
        before = passwords.compared
        assert not await passwords.matches(password_hash, "another")
        assert passwords.compared == before + 1


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(passwords: Passwords) -> None:
    kept = await passwords.hash("a password")
    seconds: dict[bool, list[float]] = {True: [], False: []}
    # In turns, so that a busy machine slows both alike.
    for number in range(60):
        known = number % 2 == 0
        begin = time.thread_time_ns()
        # In this thread, whose own time is measured: others cannot disturb it.
        passwords._compare(kept if known else passwords._nobodys, "another")  # noqa: SLF001
        seconds[known].append((time.thread_time_ns() - begin) / 1e9)
    assert 0.7 < statistics.median(seconds[True]) / statistics.median(seconds[False]) < 1.4


async def test_the_event_loop_goes_on_while_passwords_are_hashed(passwords: Passwords) -> None:
    # On a busy machine one hash may get the processor alone, hardly twenty of them.
    for _ in range(20):
        hashing = asyncio.create_task(passwords.hash("a password"))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0)
            turns += 1
        if turns > 10:
            return
    pytest.fail("the event loop waits for hashes")


async def test_what_does_not_fit_into_the_queue_is_refused_at_once(passwords: Passwords) -> None:
    answers = await asyncio.gather(*(passwords.hash("a password") for _ in range(5)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [each.reason for each in refused] == ["OVERLOADED", "OVERLOADED"]
    assert all(each.retry_after for each in refused)
    assert await passwords.hash("a password")


async def test_a_hash_of_other_parameters_is_outdated_and_still_matches(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash("a password")
    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(HASHER.hash("a password"))
    assert await passwords.matches(old, "a password")
