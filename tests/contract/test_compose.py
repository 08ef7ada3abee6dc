"""compose.yaml is true to the programs: settings, commands and Envoy's configuration are ones that there are."""

import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from server.__main__ import COMMANDS
from server.config import PREFIX, Settings
from server.local import binaries

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "yoyaku"}


def test_every_part_of_the_system_is_there() -> None:
    parts = {"primary", "replica", "valkey", "migrate", "worker-1", "worker-2", "notifications", "edge-config", "envoy"}
    assert set(SERVICES) == parts
    assert set(OURS) == parts - {"primary", "replica", "valkey", "envoy"}


@pytest.mark.parametrize("name", OURS)
def test_commands_and_settings_are_ones_of_the_server(name: str) -> None:
    assert OURS[name]["command"][0] in COMMANDS
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    for setting, value in OURS[name]["environment"].items():
        assert setting.removesuffix("_FILE") in known
        if setting.endswith("_FILE"):
            assert Path(value).name in OURS[name]["secrets"]
        else:
            assert urlsplit(value).hostname in SERVICES
    assert set(OURS[name]["secrets"]) <= set(COMPOSE["secrets"])


def test_envoy_accepts_what_the_workers_addresses_are_rendered_into(tmp_path: Path) -> None:
    command = [each.replace("=/edge", f"={tmp_path}") for each in SERVICES["edge-config"]["command"]]
    rendered = subprocess.run([sys.executable, "-m", "server", *command], cwd=ROOT, capture_output=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    addresses = [SERVICES[name]["networks"]["inside"]["ipv4_address"] for name in ("worker-1", "worker-2")]
    workers = (tmp_path / "workers.json").read_text()
    assert all(address in workers for address in addresses)
    validate: list[str | Path] = [binaries.envoy(), "--mode", "validate", "--config-path", tmp_path / "envoy.yaml"]
    validated = subprocess.run(validate, capture_output=True, text=True, check=False)
    assert validated.returncode == 0, validated.stderr


def test_postgresql_does_not_quote_rows_in_its_log() -> None:
    for command in (" ".join(SERVICES["primary"]["command"]), COMPOSE["configs"]["replica"]["content"]):
        assert "log_error_verbosity=terse" in command


def test_envoy_is_the_version_that_the_tests_run() -> None:
    version = subprocess.run([binaries.envoy(), "--version"], capture_output=True, text=True, check=True).stdout
    assert SERVICES["envoy"]["image"].rpartition(":v")[2] in version
