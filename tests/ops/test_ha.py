"""Patroni's configuration: what Patroni itself would correct in silence, and what must be as in the usual stack."""

from typing import Any

import pytest
import yaml

from server.local.servers.patroni import CONFIGURATION
from server.local.servers.postgres import SETTINGS

LEAST_TTL_SECONDS = 20
PATRONIS_OWN = {"listen_addresses"}


@pytest.fixture(scope="module")
def configuration() -> Any:
    return yaml.safe_load(CONFIGURATION.read_text())


def test_a_primary_that_lost_etcd_has_given_up_before_another_takes_its_place(configuration: Any) -> None:
    dcs = configuration["bootstrap"]["dcs"]
    assert dcs["ttl"] >= LEAST_TTL_SECONDS
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]


def test_its_servers_are_set_up_as_those_of_the_usual_stack(configuration: Any) -> None:
    dynamic, local = configuration["bootstrap"]["dcs"]["postgresql"], configuration["postgresql"]
    found = {name: str(value) for name, value in (dynamic["parameters"] | local["parameters"]).items()}
    usual = {name: value for name, value in SETTINGS.items() if name not in PATRONIS_OWN}
    assert found | usual == found
