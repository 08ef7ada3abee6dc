"""The links that messages carry."""

import base64
import binascii
import hmac
import uuid
from collections.abc import Iterable
from datetime import datetime

from server.domain.errors import DomainError, Reason
from server.usecases.sealing import derived

_ID_BYTES = _MAC_BYTES = 16


class AppointmentLinks:
    """Signs the tokens of links to one appointment; nothing of a link is stored.

    A token is an appointment's id with a signature of the id, the start, and the address or number that the message
    goes to. So it no longer works once the appointment moves or the patient is reached elsewhere.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, appointment_id: str, start_at: datetime, recipient: str) -> str:
        """The token of a link in a message, 43 characters."""
        signed = uuid.UUID(appointment_id).bytes + self._mac(appointment_id, start_at, recipient)
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")

    def fits(self, token: str, appointment_id: str, start_at: datetime, recipients: Iterable[str]) -> bool:
        """Whether a token was signed for an appointment with this start, and for one of these recipients."""
        mac = _bytes(token)[_ID_BYTES:]
        return any(hmac.compare_digest(mac, self._mac(appointment_id, start_at, each)) for each in recipients if each)

    def _mac(self, appointment_id: str, start_at: datetime, recipient: str) -> bytes:
        text = f"{appointment_id} {int(start_at.timestamp())} {recipient}"
        return hmac.digest(self._key, text.encode(), "sha256")[:_MAC_BYTES]


def appointment_links(key: bytes) -> AppointmentLinks:
    """Signs and checks links; `key` is the key encryption key, which servers and notification workers have."""
    return AppointmentLinks(derived(key, "links of appointments"))


def appointment_of(token: str) -> str:
    """The id of the appointment that a token is about; it proves nothing (LINK_INVALID if there is none)."""
    signed = _bytes(token)
    if len(signed) != _ID_BYTES + _MAC_BYTES:
        raise link_invalid()
    return str(uuid.UUID(bytes=signed[:_ID_BYTES]))


def link_invalid() -> DomainError:
    """LINK_INVALID, which does not say why."""
    return DomainError(
        Reason.LINK_INVALID,
        "this link no longer works: use the one in the newest message, or call the clinic",
    )


def _bytes(token: str) -> bytes:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
