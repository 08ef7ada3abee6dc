"""Limits that Envoy takes over while it runs, and calls until one is refused."""

import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from server.edge.limits import Limits
from server.edge.render import write_limits
from tests.edge.envoys import Edge
from tests.fixtures.waiting import eventually

FAR = 200
"""More calls than any limit lets through."""
_turns = itertools.count(1)


def renew(edge: Edge, limits: Limits) -> None:
    """Have Envoy take over the limits. What has not changed it would keep, with all that is used up, so two do."""
    before, turn = reloads(edge), next(_turns) % 2
    address, login = (bucket._replace(burst=bucket.burst + turn) for bucket in (limits.address, limits.login))
    write_limits(replace(limits, address=address, login=login), edge.directory)
    eventually(lambda: all(new > old for new, old in zip(reloads(edge), before, strict=True)))
    time.sleep(0.1)  # counted when its main thread has it; the one that answers us gets it then


def reloads(edge: Edge) -> list[int]:
    lines = httpx.get(f"{edge.admin}/stats?filter=_limits.config_reload$").text.splitlines()
    return [int(line.rpartition(" ")[2]) for line in sorted(lines)]


def until_refused(call: Callable[[], httpx.Response]) -> tuple[int, httpx.Response]:
    """Call until 429; how many calls went through before, and the refusal."""
    for count in itertools.count():
        answer = call()
        if answer.status_code == 429:
            return count, answer
        assert count < FAR, "nothing was ever refused"
    raise AssertionError
