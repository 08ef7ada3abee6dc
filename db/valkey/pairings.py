"""Displays that show a code and wait for somebody to confirm it."""

from db.valkey.client import Valkey, translated
from db.valkey.signer import Signer

_FORM = 2
_KIND = f"pairing:{_FORM}"


async def add(store: Valkey, signer: Signer, code: str, secret_hash: bytes, seconds: int) -> bool:
    """Remember for some time which credential a code stands for; False if the code is in use (Unreachable)."""
    with translated():
        if not await store.set(_code(code), signer.sign(_KIND, secret_hash, code), ex=seconds, nx=True):
            return False
        await store.set(_waiting(secret_hash), b"1", ex=seconds)
        return True


async def secret_hash(store: Valkey, signer: Signer, code: str) -> bytes | None:
    """The credential that a code stands for, or None (Unreachable)."""
    with translated():
        [found] = await store.mget([_code(code)])  # unlike GET, it does not fail on a key of another type
    return signer.verified(_KIND, found, code) if isinstance(found, bytes) else None


async def is_waiting(store: Valkey, secret_hash: bytes) -> bool:
    """Whether a credential waits for its code to be confirmed (Unreachable)."""
    with translated():
        return bool(await store.exists(_waiting(secret_hash)))


async def remove(store: Valkey, code: str, secret_hash: bytes) -> None:
    """Forget a code (Unreachable)."""
    with translated():
        await store.delete(_code(code), _waiting(secret_hash))


def _code(code: str) -> str:
    return f"pairing:{_FORM}:code:{code}"


def _waiting(secret_hash: bytes) -> str:
    return f"pairing:{_FORM}:waiting:{secret_hash.hex()}"
