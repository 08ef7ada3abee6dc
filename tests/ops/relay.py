"""A relay for mail that quotes what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from server.local.processes import ports
from tests.ops.day import PHONE


class Relay:
    """Takes mail, and refuses some in words that quote the address, as many relays do."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        [port] = ports.free(1)
        self.url = f"smtp://127.0.0.1:{port}"
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_RCPT(self, _server: SMTP, _session: object, envelope: Envelope, address: str, _: object) -> str:  # noqa: N802
        if "refused" in address:
            return f"550 5.1.1 <{address}> of {PHONE} is unknown here"
        if "later" in address:
            return f"451 4.2.1 the mailbox <{address}> is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope.original_content or b"")
        return "250 OK"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen at `url`."""
        self._controller.start()
        try:
            yield
        finally:
            self._controller.stop()
