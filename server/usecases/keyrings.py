"""Secret keys that are replaced over time: the first in a list is used, the others can still read what they made."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from server.usecases.sealing import derived

KEY_BYTES = 32


class KeyRingError(Exception):
    """A list of keys is malformed, or lacks a key that something was made with; the text says what to do."""


class KeyRing:
    """Keys by id; the ids are derived from the keys, so that no key can be listed under the id of another."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {_id_of(key): key for key in keys}
        self.current_id = _id_of(keys[0])

    @property
    def current(self) -> bytes:
        """The key to use."""
        return self._keys[self.current_id]

    @property
    def by_id(self) -> Mapping[str, bytes]:
        """All keys."""
        return self._keys


def key_ring(setting: str, text: str, fallback: bytes) -> KeyRing:
    """The keys that a setting lists, or else one derived from `fallback` (KeyRingError)."""
    if not text.strip():
        return KeyRing([derived(fallback, setting)])
    keys = [_decoded(part) for part in text.replace(",", " ").split()]
    if {len(key) for key in keys} != {KEY_BYTES}:
        raise KeyRingError(
            f"{setting} must list keys of {KEY_BYTES} bytes in base64, the one to use first, separated by commas or"
            " line breaks: openssl rand -base64 32 makes one"
        )
    return KeyRing(keys)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"yoyaku key id" + key).hexdigest()[:16]
