"""Letters: what is handed to a provider, and what the provider may do with it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar entry to attach (RFC 5546); `method` is REQUEST or CANCEL."""

    method: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one recipient: an email address, or a number in E.164 form."""

    notification_id: str
    recipient: str
    subject: str
    text: str
    invitation: Invitation | None = None
    sender: str = "yoyaku"
    """The name that email is from."""


class Sender(Protocol):
    """Hands letters to a provider."""

    async def send(self, letter: Letter) -> None:
        """Return when the provider has taken it. Raises the errors below; see there."""


class Refused(Exception):
    """The provider will never take this letter. Texts of these errors are codes, never personal data."""


class Unaddressable(Exception):
    """The recipient is no address that the provider could be told: it was not asked."""


class Failed(Exception):
    """The provider did not take it; it may later."""


class Unanswered(Exception):
    """It was handed over, and no answer came: the provider may have taken it or not."""
