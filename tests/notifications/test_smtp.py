"""Handing mail to a relay: encryption, account, and what each answer means."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from server.local.servers import certificate
from server.notifications.letters import Letter
from server.notifications.senders.providers import Failed, LetterRefused, Unaddressable, Unanswered
from server.notifications.senders.smtp import Relay as RelayOf
from server.notifications.senders.smtp import RelayUrlError, SmtpSender
from tests.fixtures.book import Clock
from tests.fixtures.mail import Relay, relaying
from tests.fixtures.waiting import PATIENCE_SECONDS

LETTER = Letter("0190-id", "ken@example.org", "予約", "本文\n.\n")


def sender(url: str, authorities: str | None = None, seconds: float = 5) -> SmtpSender:
    return SmtpSender(RelayOf.of(url), "clinic@example.com", Clock(), timeout_seconds=seconds, authorities=authorities)


def accepts(server: object, session: object, envelope: object, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"yoyaku", b"p@ss"), handled=False)


async def test_mail_arrives_as_it_was_written(relay: Relay) -> None:
    await sender(relay.url).send(LETTER)
    [mail] = relay.mails
    body = mail.get_body()
    assert body
    assert (mail["Subject"], body.get_content()) == ("予約", "本文\r\n.\r\n")
    assert (mail["From"], mail["Message-ID"]) == ("yoyaku <clinic@example.com>", "<0190-id@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "address",
    ["user..name@docomo.ne.jp", "user.@docomo.ne.jp", ".user@docomo.ne.jp", "o'x@a.jp", "Kei.Mori@docomo.ne.jp"],
)
async def test_an_address_is_told_as_it_is(relay: Relay, address: str) -> None:
    relay.answers[address] = "550 known here"
    with pytest.raises(LetterRefused):
        await sender(relay.url).send(replace(LETTER, recipient=address))
    relay.answers.clear()
    await sender(relay.url).send(replace(LETTER, recipient=address))
    assert address in relay.mails[0].as_string()


async def test_what_is_no_address_never_reaches_the_relay(relay: Relay) -> None:
    for address in ("", "jörg@example.org", "a@b.org>\r\nRCPT TO:<c@d.org"):
        with pytest.raises(Unaddressable):
            await sender(relay.url).send(replace(LETTER, recipient=address))
    assert relay.asked == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 no such mailbox", LetterRefused),
        ("501 bad address", LetterRefused),
        ("450 busy", Failed),
        ("421 closing", Failed),
    ],
)
async def test_answers_of_500_and_more_are_for_ever(relay: Relay, answer: str, error: type[Exception]) -> None:
    relay.answers["*"] = answer
    with pytest.raises(error, match=f"^smtp {answer[:3]}$"):
        await sender(relay.url).send(LETTER)


async def test_a_relay_that_is_not_there_has_not_taken_it() -> None:
    with pytest.raises(Failed):
        await sender("smtp://127.0.0.1:1").send(LETTER)


async def test_a_relay_that_says_nothing_has_not_taken_it(relay: Relay) -> None:
    relay.hangs = True
    with pytest.raises(Failed):
        await sender(relay.url, seconds=0.3).send(LETTER)


async def test_a_relay_that_falls_silent_after_the_text_may_have_taken_it(relay: Relay) -> None:
    relay.pause_after_data = PATIENCE_SECONDS
    with pytest.raises(Unanswered):
        await sender(relay.url, seconds=0.5).send(LETTER)
    assert len(relay.mails) == 1


@pytest.mark.parametrize("password", ["p%40ss", "wrong"])
async def test_the_account_is_shown_only_under_encryption(tmp_path: Path, password: str) -> None:
    made = certificate.keep(tmp_path) / "tls.crt"
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made, made.with_suffix(".key"))
    options = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": accepts}
    async with relaying(Relay(), **options) as relay:
        address = relay.url.removeprefix("smtp://")
        mail = sender(f"smtp+starttls://yoyaku:{password}@{address}", str(made))
        if password == "wrong":
            # A wrong password is our fault, not the letter's.
            with pytest.raises(Failed, match=r"^smtp 535$"):
                await mail.send(LETTER)
        else:
            await mail.send(LETTER)
        assert len(relay.mails) == (password != "wrong")
        with pytest.raises(Failed):  # a certificate that nobody vouches for
            await sender(f"smtp+starttls://yoyaku:p%40ss@{address}").send(LETTER)


@pytest.mark.parametrize("url", ["smtp://user:secret@relay", "http://relay", "smtp://", "smtp://relay:port"])
def test_a_relay_must_be_told_in_full_and_no_password_in_the_clear(url: str) -> None:
    with pytest.raises(RelayUrlError) as refused:
        RelayOf.of(url)
    assert "secret" not in str(refused.value)
