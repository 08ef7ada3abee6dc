"""Codes of authenticator apps (TOTP, RFC 6238), and recovery codes."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.domain.typed_codes import code_of
from server.usecases.sealing import digest

STEP = timedelta(seconds=30)
DIGITS = 6
RECOVERY_CODES = 10
_SECRET_BYTES = 20
_DRIFT = 1
"""How many steps the clock of an app may be ahead or behind."""
_CODE_BYTES = 10
_GROUP = 4


def new_app_secret() -> bytes:
    """A secret for an authenticator app."""
    return secrets.token_bytes(_SECRET_BYTES)


def spelled(secret: bytes) -> str:
    """A secret as people type it into an app."""
    return base64.b32encode(secret).decode()


def address_of(secret: bytes, email: str) -> str:
    """The `otpauth:` address that an app reads from a QR code: short, so that the code is easy to scan."""
    return f"otpauth://totp/yoyaku:{quote(email, safe='')}?secret={spelled(secret)}&issuer=yoyaku"


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step whose code it is, or None; at most one step from now's. Comparing tells nothing by its time."""
    current, found = int(now.timestamp()) // int(STEP.total_seconds()), None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step), code):
            found = step
    return found


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step."""
    return _totp(secret).generate(step * int(STEP.total_seconds())).decode()


def new_recovery_codes() -> Sequence[str]:
    """Codes of 80 random bits each, which nobody can guess: so a digest without salt keeps them safe."""
    return [
        _grouped(base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()) for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(code: str) -> bytes:
    """The stored form of a recovery code, in any spelling of its groups."""
    return digest(code_of(code).lower())


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _totp(secret: bytes) -> TOTP:
    # All authenticator apps know SHA-1, few know another hash; an HMAC does not need it to be free of collisions.
    return TOTP(secret, DIGITS, SHA1(), int(STEP.total_seconds()))  # noqa: S303
