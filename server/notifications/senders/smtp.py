"""Sends email through an SMTP relay."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.errors import SMTPAuthenticationError, SMTPConnectError, SMTPHeloError, SMTPRecipientRefused

from server import person_rules
from server.domain.ids import Clock
from server.domain.people.characters import escaped
from server.notifications.letters import Letter
from server.notifications.senders.providers import Failed, LetterRefused, Unaddressable, Unanswered
from server.person_rules import Unfit

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_FAREWELL_SECONDS = 0.5
_TAKEN = {250, 251}
_TRANSIENT, _PERMANENT = range(400, 500), range(500, 600)
# These errors concern the relay or our account there, not the letter, whatever their code.
_OF_THE_RELAY = (SMTPConnectError, SMTPHeloError, SMTPAuthenticationError)

# Works with relays that support only ASCII.
_POLICY = SMTP_POLICY.clone(cte_type="7bit")


class RelayUrlError(ValueError):
    """The URL of the relay is not usable; the text says why."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where the relay is, and how to connect to it."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None

    @staticmethod
    def of(url: str) -> "Relay":
        """Read smtp://HOST:PORT, smtp+starttls://USER:PASSWORD@HOST:PORT or smtps://... Raises RelayUrlError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RelayUrlError("the port is not a number") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise RelayUrlError(f"it must look like {', '.join(f'{each}://HOST:PORT' for each in _PORTS)}")
        if parts.username and parts.scheme == "smtp":
            raise RelayUrlError("smtp:// would send the password in clear text: use smtp+starttls:// or smtps://")
        username, password = (unquote(each) if each else None for each in (parts.username, parts.password))
        return Relay(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], username, password)


class SmtpSender:
    """Sends each letter over a new connection."""

    def __init__(
        self, relay: Relay, sender: str, clock: Clock, *, timeout_seconds: float, authorities: str | None = None
    ) -> None:
        """`sender` is the address that mail is from; `authorities` is a PEM file to use instead of the system's."""
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._seconds = timeout_seconds
        self._tls = ssl.create_default_context(cafile=authorities) if relay.scheme != "smtp" else None

    async def send(self, letter: Letter) -> None:
        """Connect, send, quit."""
        recipient = _address(letter.recipient)
        content = self._content(letter, recipient).as_bytes()
        client = SMTP(
            hostname=self._relay.host,
            port=self._relay.port,
            username=self._relay.username,
            password=self._relay.password,
            use_tls=self._relay.scheme == "smtps",
            start_tls=self._relay.scheme == "smtp+starttls",
            tls_context=self._tls,
            timeout=self._seconds,
        )
        handed = False
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.mail(self._sender)
                # The address goes out unchanged: aiosmtplib would parse it, and would change a mailbox with dots.
                answer = await client.execute_command(b"RCPT", b"TO:<" + recipient.encode("ascii") + b">")
                if answer.code not in _TAKEN:
                    raise SMTPRecipientRefused(answer.code, answer.message, "")
                handed = True
                await client.data(content)
        except SMTPResponseException as error:
            raise _kind_of(error, handed=handed)(f"smtp {error.code}") from None
        except (SMTPException, OSError) as error:  # TimeoutError is an OSError
            raise (Unanswered if handed else Failed)(type(error).__name__) from None
        else:
            with suppress(SMTPException, OSError):
                await client.quit(timeout=_FAREWELL_SECONDS)
        finally:
            client.close()

    def _content(self, letter: Letter, recipient: str) -> EmailMessage:
        mail = EmailMessage(_POLICY)
        mail["From"] = Address(escaped(letter.sender), addr_spec=self._sender)
        mail["To"] = recipient
        mail["Subject"] = letter.subject
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{letter.notification_id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        if letter.invitation:
            mail.add_attachment(
                letter.invitation.content,
                maintype="text",
                subtype="calendar",
                filename="appointment.ics",
                params={"method": letter.invitation.method, "charset": "utf-8"},
            )
        return mail


def _address(recipient: str) -> str:
    """The recipient in the form that SMTP needs. Raises Unaddressable."""
    try:
        return person_rules.mail_address(recipient)
    except Unfit:
        raise Unaddressable from None


def _kind_of(error: SMTPResponseException, *, handed: bool) -> type[LetterRefused | Failed | Unanswered]:
    if error.code in _PERMANENT and not isinstance(error, _OF_THE_RELAY):
        return LetterRefused
    # A code outside SMTP's range is a garbled answer, which after DATA is as good as none.
    return Unanswered if handed and error.code not in _TRANSIENT else Failed
