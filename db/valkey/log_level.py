"""The log level that an operator set for all processes, for a time."""

from datetime import timedelta

from db.valkey.client import Valkey, translated
from db.valkey.signer import Signer

_KEY = "log-level:1"
_KIND = "log level"


async def put(valkey: Valkey, signer: Signer, level: str, life: timedelta) -> None:
    """Set it for some time (Unreachable)."""
    with translated():
        await valkey.set(_KEY, signer.sign(_KIND, level.encode()), px=life)


async def remove(valkey: Valkey) -> None:
    """Back to what each process was configured with (Unreachable)."""
    with translated():
        await valkey.delete(_KEY)


async def get(valkey: Valkey, signer: Signer) -> str | None:
    """The level, or None if none is set (Unreachable)."""
    with translated():
        [found] = await valkey.mget([_KEY])  # unlike GET, it does not fail on a key of another type
    level = signer.verified(_KIND, found) if isinstance(found, bytes) else None
    return level.decode() if level else None


async def remaining(valkey: Valkey) -> timedelta:
    """For how long it is still set (Unreachable)."""
    with translated():
        return timedelta(milliseconds=max(0, await valkey.pttl(_KEY)))
