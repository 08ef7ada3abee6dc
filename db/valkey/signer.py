"""Signatures of values in Valkey: only values that a worker wrote are trusted."""

import hashlib
import hmac

import structlog

_log = structlog.get_logger()

BYTES = 16
"""The length of a signature, which follows its value."""


class Signer:
    """Signs values with a key that the workers share and Valkey does not have.

    Somebody who can write to Valkey can remove a value, but cannot forge one. `kind` names what a value is and its
    format, so that one kind of value cannot pass for another; it is one of a few words.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._told: set[str] = set()

    def sign(self, kind: str, value: bytes, name: str = "") -> bytes:
        """A value with its signature; with a `name` it is valid only under that name."""
        return value + self._signature(kind, value, name)

    def verified(self, kind: str, signed: bytes, name: str = "") -> bytes | None:
        """The value, or None if the signature is not ours: then it counts as absent, which is logged once."""
        value, signature = signed[:-BYTES], signed[-BYTES:]
        if hmac.compare_digest(signature, self._signature(kind, value, name)):
            return value
        if kind not in self._told:
            self._told.add(kind)
            _log.warning(
                "a value in valkey is not of a worker of this release: ignored, as others will be",
                kind=kind,
            )
        return None

    def _signature(self, kind: str, value: bytes, name: str) -> bytes:
        made = hashlib.blake2b(value, digest_size=BYTES, key=self._key, person=kind.encode())
        if name:
            made.update(b"\0" + name.encode())
        return made.digest()
