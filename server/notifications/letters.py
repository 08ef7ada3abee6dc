"""Letters: what is handed to a provider, and how the provider can fail."""

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
    """The sender's name in email."""


class Sender(Protocol):
    """Hands letters to a provider."""

    async def send(self, letter: Letter) -> None:
        """Return when the provider has accepted it. Raises the errors below."""


class LetterRefused(Exception):
    """The provider will never accept this letter. Texts of these errors are codes, never personal data."""


class Unaddressable(Exception):
    """The recipient is not an address that can be passed to the provider, which was not asked."""


class Failed(Exception):
    """The provider did not accept it, but may do so later."""


class Unanswered(Exception):
    """It was handed over, and no answer came: the provider may or may not have accepted it."""
