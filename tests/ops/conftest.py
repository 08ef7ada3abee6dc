"""One stack with Prometheus for all tests that only look at it, and one set of CloudFormation templates."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.collector import Collector, collecting
from tests.fixtures.stack import Copy, copied
from tests.ops.relay import Relay
from tests.ops.templates import PROGRAMS, ROOT, Resources


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


@pytest.fixture(scope="package")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The templates of both stacks; cdk-nag has no finding that is not acknowledged, or there are none."""
    if not (PROGRAMS / "python").exists():
        pytest.fail("make .venv-aws/installed makes the environment of the AWS stack")
    out = tmp_path_factory.mktemp("cdk")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(out), "CDK_OUTDIR": str(out)}
    made = subprocess.run(
        [PROGRAMS / "python", "-m", "ops.aws"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return sorted(out.glob("*.template.json"))


@pytest.fixture(scope="package")
def resources(templates: list[Path]) -> Resources:
    """All resources of both stacks, by their logical ids."""
    return {name: each for path in templates for name, each in json.loads(path.read_text())["Resources"].items()}
