"""What compose.yaml has Prometheus and Alertmanager do, as their own programs read it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv" / "prometheus" / "usr" / "bin"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def put_together(name: str, directory: Path) -> Path:
    """The files that a container finds in /etc/NAME."""
    for mount in SERVICES[name]["volumes"]:
        source, target, *_ = mount.split(":")
        if source.startswith("./"):
            (directory / Path(target).name).write_text((ROOT / source).read_text())
    for each in SERVICES[name].get("configs", []):
        (directory / Path(each["target"]).name).write_text(COMPOSE["configs"][each["source"]]["content"])
    return directory


def test_prometheus_finds_its_rules_and_every_part(tmp_path: Path) -> None:
    directory = put_together("prometheus", tmp_path)
    check: list[str | Path] = [TOOLS / "promtool", "check", "config", directory / "prometheus.yml"]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tasks = json.loads(COMPOSE["configs"]["tasks"]["content"])[0]["targets"]
    serving = {name for name, each in SERVICES.items() if "YOYAKU_METRICS_LISTEN" in each.get("environment", {})}
    assert {target.partition(":")[0] for target in tasks} == serving
    for target in tasks:
        name, _, port = target.partition(":")
        assert SERVICES[name]["environment"]["YOYAKU_METRICS_LISTEN"].endswith(f":{port}")
    [[edge]] = [each["targets"] for each in json.loads(COMPOSE["configs"]["edges"]["content"])]
    assert f"--metrics=0.0.0.0:{edge.partition(':')[2]}" in SERVICES["edge-config"]["command"]


def test_secrets_of_alertmanager_are_where_its_routes_look_for_them(tmp_path: Path) -> None:
    routes = (put_together("alertmanager", tmp_path) / "alertmanager.yml").read_text()
    wanted = set(re.findall(r"_file: (\S+)", routes))
    assert {each["target"] for each in SERVICES["alertmanager"]["secrets"]} == wanted


@pytest.mark.parametrize(
    ("name", "program"), [("prometheus", "prometheus"), ("alertmanager", "prometheus-alertmanager")]
)
def test_commands_have_options_that_there_are(name: str, program: str) -> None:
    helped = subprocess.run([TOOLS / program, "--help"], capture_output=True, text=True, check=False)
    known = set(re.findall(r"--[a-z.-]+", helped.stdout + helped.stderr))
    assert {option.partition("=")[0] for option in SERVICES[name]["command"]} <= known
