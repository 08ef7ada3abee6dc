"""What every provider of mail or text messages does, and how it can fail."""

from typing import Protocol

import structlog

from server.notifications.letters import Letter

_log = structlog.get_logger()


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


class LogSender:
    """For installations without a provider: accepts every letter and logs that, without personal data."""

    async def send(self, letter: Letter) -> None:
        """Write a line."""
        _log.info("notice only logged: no provider is configured", notification=letter.notification_id)
