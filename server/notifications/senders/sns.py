"""Sends text messages with Amazon SNS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

from server.notifications.letters import Letter
from server.notifications.senders.providers import Failed, LetterRefused, Unanswered

# These errors concern the number or the text; all others concern SNS, our account or our permissions.
_REFUSALS = frozenset({"InvalidParameter", "InvalidParameterValue", "ValidationException", "OptedOut"})


class Publisher(Protocol):
    """The part of an SNS client that we use."""

    async def publish(self, *, PhoneNumber: str, Message: str, MessageAttributes: Any) -> object:  # noqa: N803
        """Send a text message. Raises botocore's errors."""


class SnsSender:
    """Publishes each letter to its number."""

    def __init__(self, client: Publisher, timeout_seconds: float) -> None:
        self._client = client
        self._seconds = timeout_seconds

    async def send(self, letter: Letter) -> None:
        """Publish the letter, without retries, since SNS would send it twice."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.publish(
                    PhoneNumber=letter.recipient,
                    Message=letter.text,
                    MessageAttributes={
                        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
                    },
                )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise (LetterRefused if code in _REFUSALS else Failed)(f"sns {code}") from None
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise Failed(type(error).__name__) from None
        except (HTTPClientError, TimeoutError) as error:
            raise Unanswered(type(error).__name__) from None
        except BotoCoreError as error:  # such as missing credentials: nothing was sent
            raise Failed(type(error).__name__) from None


@asynccontextmanager
async def sns(*, region: str, endpoint: str | None, timeout_seconds: float) -> AsyncIterator[SnsSender]:
    """A sender in an AWS region; credentials come from the usual places of AWS clients."""
    # If no connection could be made, nothing was sent: that error must come before the timeout of the whole call.
    config = AioConfig(
        connect_timeout=timeout_seconds / 2, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}
    )
    async with get_session().create_client("sns", region_name=region, endpoint_url=endpoint, config=config) as client:
        yield SnsSender(client, timeout_seconds)
