"""compose.yaml is true to the programs: settings, commands and Envoy's configuration are ones that there are."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import yaml

from db.postgres import schema
from server.__main__ import COMMANDS
from server.config import PREFIX, Settings, load
from server.local.processes.ports import free
from server.local.processes.process import start
from server.local.servers import binaries
from server.local.servers.postgres import PostgresServer
from server.local.servers.valkey import await_ready

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "yoyaku"}


def test_every_part_of_the_system_is_there() -> None:
    ours = {"migrate", "worker-1", "worker-2", "notifications", "edge-config"}
    observed = {"collector", "prometheus", "alertmanager", "grafana"}
    assert set(OURS) == ours
    assert set(SERVICES) == ours | observed | {"primary", "replica", "cache", "token-store", "envoy"}


@pytest.mark.parametrize("name", OURS)
def test_commands_and_settings_are_ones_of_the_server(name: str) -> None:
    assert OURS[name]["command"][0] in COMMANDS
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    for setting, value in OURS[name]["environment"].items():
        assert setting.removesuffix("_FILE") in known
        if setting.endswith("_FILE"):
            assert Path(value).name in OURS[name]["secrets"]
        elif "://" in value:
            assert urlsplit(value).hostname in SERVICES
    database = {"YOYAKU_DATABASE_URL": "postgresql://yoyaku@primary/yoyaku"}  # what the secret holds
    load(Settings, {n.removesuffix("_FILE"): value for n, value in OURS[name]["environment"].items()} | database)
    assert set(OURS[name]["secrets"]) <= set(COMPOSE["secrets"])


def test_envoy_accepts_what_the_workers_addresses_are_rendered_into(tmp_path: Path) -> None:
    command = [each.replace("=/run/edge", f"={tmp_path}") for each in SERVICES["edge-config"]["command"]]
    rendered = subprocess.run([sys.executable, "-m", "server", *command], cwd=ROOT, capture_output=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    addresses = [SERVICES[name]["networks"]["inside"]["ipv4_address"] for name in ("worker-1", "worker-2")]
    workers = (tmp_path / "workers.json").read_text()
    assert all(address in workers for address in addresses)
    validate: list[str | Path] = [binaries.envoy(), "--mode", "validate", "--config-path", tmp_path / "envoy.yaml"]
    validated = subprocess.run(validate, capture_output=True, text=True, check=False)
    assert validated.returncode == 0, validated.stderr


def test_every_image_is_one_digest_or_nothing_starts() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    images += [service["build"]["args"]["BASE"] for service in OURS.values()]
    for image in images:
        assert re.fullmatch(r"[a-z/-]+:[a-z0-9.-]+@\$\{[A-Z]+_DIGEST:\?.+\}", image), image


async def test_the_application_is_no_superuser_and_can_do_its_work(
    postgres_cluster: PostgresServer, tmp_path: Path
) -> None:
    for name in ("database-password", "replication-password"):
        (tmp_path / name).write_text(f"a {name}")
    script = COMPOSE["configs"]["roles"]["content"].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    environment = {
        "PATH": f"{postgres_cluster.programs}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres_cluster.port),
        "PGPASSWORD": postgres_cluster.password,
        "PGDATA": str(tmp_path),
    }
    try:
        made = subprocess.run(  # noqa: ASYNC221  # nothing else goes on
            ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        assert (made.returncode, made.stderr) == (0, "")
        url = f"postgresql://yoyaku:a%20database-password@127.0.0.1:{postgres_cluster.port}/yoyaku"
        await schema.upgrade(url)
        may = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname IN ('yoyaku', 'replicator') ORDER BY 1"
        assert postgres_cluster.query(may) == "replicator|f\nyoyaku|f"
        with psycopg.connect(url) as connection:
            for statement in ("SELECT count(*) FROM appointments", "SELECT count(*) FROM pg_stat_statements"):
                assert connection.execute(statement.encode()).fetchone()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(b"COPY (SELECT 1) TO PROGRAM 'true'")
    finally:
        postgres_cluster.query("DROP DATABASE IF EXISTS yoyaku WITH (FORCE)")
        postgres_cluster.query("DROP ROLE IF EXISTS yoyaku, replicator")


@pytest.mark.parametrize(
    ("name", "kept", "evicted"), [("cache", "no", "allkeys-lru"), ("token-store", "yes", "noeviction")]
)
def test_valkey_wants_its_password_and_keeps_what_it_must(tmp_path: Path, name: str, kept: str, evicted: str) -> None:
    """Run as compose.yaml runs it, with the file that its instructions make."""
    configuration, [port] = tmp_path / f"{name}-configuration", free(1)
    configuration.write_text("requirepass a-password\n")
    assert SERVICES[name]["secrets"] == [f"{name}-password", f"{name}-configuration"]
    _, *arguments = [each.replace("/run/secrets", str(tmp_path)) for each in SERVICES[name]["command"]]
    valkey = start(
        "valkey", [binaries.valkey(), *arguments, "--port", str(port), "--dir", str(tmp_path)], tmp_path / "log"
    )
    try:
        await_ready(valkey, port=port, password="a-password")  # of nothing
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        with redis.Redis(port=port, password="a-password") as ours:
            assert ours.config_get("appendonly")["appendonly"] == kept
            assert ours.config_get("maxmemory-policy")["maxmemory-policy"] == evicted
    finally:
        valkey.stop(seconds=10)


def test_every_file_that_is_mounted_and_every_secret_is_there_or_is_made_by_the_first_lines() -> None:
    instructions = (ROOT / "compose.yaml").read_text().partition("\nname:")[0]
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[0] == "."]
    assert mounts
    for mount in mounts:
        source = mount.partition(":")[0].removeprefix("./")
        assert (ROOT / source).exists() or source in instructions
    for name in COMPOSE["secrets"]:
        assert re.search(rf"\b{name.removesuffix('-configuration').removesuffix('-password')}\b", instructions)


def test_traces_go_to_the_collector_by_its_name_and_by_its_address() -> None:
    [listens] = yaml.safe_load((ROOT / "ops/otel/collector.yaml").read_text())["receivers"]["otlp"][
        "protocols"
    ].values()
    port = listens["endpoint"].rpartition(":")[2]
    address = SERVICES["collector"]["networks"]["inside"]["ipv4_address"]
    assert f"--traces={address}:{port}" in SERVICES["edge-config"]["command"]
    assert OURS["worker-1"]["environment"]["YOYAKU_TRACES_ENDPOINT"] == f"http://collector:{port}"


def test_what_is_ours_may_write_nothing_and_has_no_rights() -> None:
    for name in (*OURS, "envoy"):
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_everything_that_stays_says_whether_it_is_healthy() -> None:
    staying = {name for name, service in SERVICES.items() if service.get("restart")}
    silent = {name for name in staying if not SERVICES[name].get("healthcheck", {}).get("test")}
    assert silent == {"notifications", "collector"}


def test_postgresql_does_not_quote_rows_in_its_log() -> None:
    for command in (" ".join(SERVICES["primary"]["command"]), COMPOSE["configs"]["replica"]["content"]):
        assert "log_error_verbosity=terse" in command


def test_envoy_is_the_version_that_the_tests_run() -> None:
    version = subprocess.run([binaries.envoy(), "--version"], capture_output=True, text=True, check=True).stdout
    assert SERVICES["envoy"]["image"].partition("@")[0].rpartition(":v")[2] in version
