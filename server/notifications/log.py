"""The provider for installations without one: writes a line to the log."""

import structlog

from server.notifications.letters import Letter

_log = structlog.get_logger()


class LogSender:
    """Accepts every letter and logs that, without personal data."""

    async def send(self, letter: Letter) -> None:
        """Write a line."""
        _log.info("notice only logged: no provider is configured", notification=letter.notification_id)
