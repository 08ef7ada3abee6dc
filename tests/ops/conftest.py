"""One stack with Prometheus for all tests that only look at it."""

from collections.abc import Iterator

import pytest

from tests.fixtures.collector import Collector, collecting
from tests.fixtures.stack import Copy, copied
from tests.ops.relay import Relay


@pytest.fixture(scope="package")
def relay() -> Iterator[Relay]:
    """Where the stack's notices go."""
    relay = Relay()
    with relay.running():
        yield relay


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Where the spans of all its calls go."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="package")
def observed(tmp_path_factory: pytest.TempPathFactory, relay: Relay, collector: Collector) -> Iterator[Copy]:
    """A stack with Prometheus."""
    settings = {
        "YOYAKU_OBSERVE": "1",
        "YOYAKU_SMTP_URL": relay.url,
        "YOYAKU_TRACES_ENDPOINT": collector.url,
        "YOYAKU_TRACES_PERCENT": "100",
    }
    with copied(tmp_path_factory.mktemp("observed"), **settings) as copy:
        started = copy.run("up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr
        yield copy
