"""Text messages through SNS, as a real server of its protocol takes them."""

from collections.abc import AsyncIterator, Iterator

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

from server.notifications.letters import Letter
from server.notifications.senders.providers import Failed, LetterRefused, Unanswered
from server.notifications.senders.sns import SnsSender, sns
from tests.fixtures.mail import Relay

REGION = "ap-northeast-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """URL of the server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
async def sender(endpoint: str) -> AsyncIterator[SnsSender]:
    async with sns(region=REGION, endpoint=endpoint, timeout_seconds=5) as made:
        yield made


async def test_a_text_message_is_published_to_its_number(sender: SnsSender) -> None:
    await sender.send(Letter("id", "+819012345678", "", "ご予約を承りました"))
    sent = sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages
    assert list(sent.values()) == [("+819012345678", "ご予約を承りました")]


async def test_a_bad_number_is_refused_for_ever(sender: SnsSender) -> None:
    with pytest.raises(LetterRefused, match=r"^sns InvalidParameter"):
        await sender.send(Letter("id", "not a number", "", "text"))


async def test_an_endpoint_that_is_not_there_has_not_taken_it() -> None:
    async with sns(region=REGION, endpoint="http://127.0.0.1:1", timeout_seconds=2) as sender:
        with pytest.raises(Failed):
            await sender.send(Letter("id", "+819012345678", "", "text"))


async def test_an_endpoint_that_says_nothing_may_have_taken_it(relay: Relay) -> None:
    relay.hangs = True
    silent = relay.url.replace("smtp", "http")
    async with sns(region=REGION, endpoint=silent, timeout_seconds=0.5) as sender:
        with pytest.raises(Unanswered):
            await sender.send(Letter("id", "+819012345678", "", "text"))
