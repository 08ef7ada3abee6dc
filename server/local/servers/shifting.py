"""When a release that is being tried gets more calls, and when it is taken back: as Envoy counts its answers."""

import time
from collections.abc import Collection

from server.local import LocalError
from server.local.servers import envoy
from server.local.servers.envoy import Outcomes

SHARES = (10, 50, 100)
"""Percent of the calls that the new workers get, step by step."""
HEALTHY_SECONDS = 10.0
_LOOK_SECONDS = 0.5
_FAILED_LEAST = 3
_FAILED_SHARE = 0.01
"""The new workers may fail so much larger a share of their calls than the old ones."""


def await_healthy(admin: str, ports: Collection[int]) -> None:
    """Return when Envoy sends calls to all workers on these ports. Raises LocalError."""
    for port in ports:
        envoy.await_healthy(admin, port, HEALTHY_SECONDS)
        if not envoy.is_healthy(admin, port):
            raise LocalError(f"the new worker on port {port} does not become healthy: its log says why")


def watch(admin: str, old: Collection[int], new: Collection[int], seconds: float) -> None:
    """Return after `seconds` in which the new workers did as well as the old ones. Raises LocalError as soon as not."""
    before = [envoy.outcomes(admin, ports) for ports in (old, new)]
    deadline = time.monotonic() + seconds
    while True:
        olds, news = (
            envoy.outcomes(admin, ports).since(since) for ports, since in zip((old, new), before, strict=True)
        )
        if is_worse(olds, news):
            raise LocalError(
                f"the new workers failed {news.failed} of {news.calls} calls and were taken back; their logs say why"
            )
        if not all(envoy.is_healthy(admin, port) for port in new):
            raise LocalError("a new worker is no longer healthy, and all were taken back; its log says why")
        if time.monotonic() >= deadline:
            return
        time.sleep(_LOOK_SECONDS)


def is_worse(old: Outcomes, new: Outcomes) -> bool:
    """Whether the new workers fail clearly more of their calls."""
    usual = old.failed / old.calls if old.calls else 0.0
    return new.failed >= _FAILED_LEAST and new.failed / new.calls > usual + _FAILED_SHARE
