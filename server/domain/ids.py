"""Ids: UUIDv7 (RFC 9562), which sort by the time they were made."""

import os
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time as an aware UTC datetime."""
IdMaker = Callable[[], str]
"""Makes a new UUIDv7."""


def system_clock() -> datetime:
    """The current time by this machine's clock."""
    return datetime.now(UTC)


def uuid7_maker(clock: Clock, randomness: Callable[[int], bytes] = os.urandom) -> IdMaker:
    """An id maker that uses the given clock."""

    def make() -> str:
        milliseconds = int(clock().timestamp() * 1000)
        raw = bytearray(milliseconds.to_bytes(6, "big") + randomness(10))
        raw[6] = 0x70 | raw[6] & 0x0F
        raw[8] = 0x80 | raw[8] & 0x3F
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return make
