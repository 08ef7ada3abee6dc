"""The edge's limits that have numbers of their own: token buckets, per Envoy and listener, and calls in flight.

Which calls count against which bucket is in `envoy/address_limits.yaml` and `envoy/subject_limits.yaml`, and how calls
in flight are limited in `envoy/admission.yaml`. The others are where they are set: sizes, seconds, connections and
memory in `envoy/envoy.yaml`, circuit breakers in `envoy/clusters.yaml`.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import NamedTuple

_LIMIT = re.compile(r"(\w+)=([1-9]\d{0,8})/([1-9]\d{0,8})")

CALLS_PER_WORKER = {"most": 96, "fewest": 16}
"""Calls in flight that the edge admits for each worker; where between the two depends on how long calls take.

They apply to patients and displays, and once more to staff and hospital systems.
"""

OTHERS_OF_ADMISSION: dict[str, tuple[str, list[str]]] = {
    "admission": ("staff|system", ["x-yoyaku-certificate"]),
    "admission_of_desk": ("person", []),
}
"""The filters that admit calls, and whose calls each of them leaves to the other: by the token's claim `limits`, and by
headers that stand for a token."""

TOKENS_OF_COSTLY = 10
"""How many tokens a call takes from its caller's bucket if it does the work of many calls."""


class LimitError(Exception):
    """A limit is written wrongly; the text says which one and how to write it."""


class Bucket(NamedTuple):
    """A token bucket: calls a second in the long run, and calls at once after a pause."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How often an address may call, sign in, and look without signing in; how often a token's subject calls and books.

    Staff (including doctors and admins) and hospital systems have separate limits, since they book for others.
    """

    address: Bucket = Bucket(1000, 1000)
    login: Bucket = Bucket(10, 600)
    visitor: Bucket = Bucket(50, 500)
    subject: Bucket = Bucket(50, 100)
    booking: Bucket = Bucket(1, 10)
    staff: Bucket = Bucket(50, 200)
    staff_booking: Bucket = Bucket(5, 100)
    system: Bucket = Bucket(200, 400)
    system_booking: Bucket = Bucket(50, 200)

    def __str__(self) -> str:
        """All limits as `parse` reads them."""
        return " ".join(f"{name}={per_second}/{burst}" for name, (per_second, burst) in asdict(self).items())


NAMES = tuple(field.name for field in fields(Limits))
_DEFAULTS = Limits()


def parse(texts: Iterable[str], others: Limits = _DEFAULTS) -> Limits:
    """`others`, except for the limits that are given as NAME=PER_SECOND/BURST. Raises LimitError."""
    given: dict[str, Bucket] = {}
    for text in texts:
        match = _LIMIT.fullmatch(text)
        if match is None or match[1] not in NAMES:
            raise LimitError(f"{text} is not a limit: write NAME=PER_SECOND/BURST with a NAME of {', '.join(NAMES)}")
        given[match[1]] = Bucket(int(match[2]), int(match[3]))
    return replace(others, **given)
