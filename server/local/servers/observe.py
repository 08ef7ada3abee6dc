"""Prometheus and Alertmanager beside the stack (`make up OBSERVE=1`), with the rules of ops/prometheus."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from server.local import LocalError
from server.local.processes.ports import HOST, is_open
from server.local.processes.process import Process, start
from server.local.servers.workers import ROOT

STOP_SECONDS = 10.0
_PROGRAMS = ROOT / ".venv" / "prometheus" / "usr" / "bin"
_SHARE = _PROGRAMS.parent / "share"
_RULES = ("recording.yml", "alerts.yml")
_INTERVAL = "2s"
"""Seconds between scrapes and between evaluations of rules: developers want to see the effect of a change soon."""


def configure(directory: Path, *, task: str, edge: str, alertmanager_port: int) -> None:
    """Write Prometheus' configuration: the rules, and the addresses to scrape. Raises LocalError."""
    if not (_PROGRAMS / "prometheus").exists():
        raise LocalError("Prometheus is missing: run `make prometheus`, which unpacks Debian's packages")
    directory.mkdir(parents=True, exist_ok=True)
    for name in _RULES:
        (directory / name).write_text((ROOT / "ops" / "prometheus" / name).read_text())
    configuration = (ROOT / "ops" / "prometheus" / "prometheus.yml").read_text()
    configuration = configuration.replace("interval: 15s", f"interval: {_INTERVAL}")
    (directory / "prometheus.yml").write_text(configuration)
    for name, url in (("tasks.json", task), ("edges.json", edge)):
        targets = [{"targets": [urlsplit(url).netloc], "labels": {"task": "local"}}]
        (directory / name).write_text(json.dumps(targets))
    targets = [{"targets": [f"{HOST}:{alertmanager_port}"]}]
    (directory / "alertmanagers.json").write_text(json.dumps(targets))


def launch_prometheus(directory: Path, log: Path, *, port: int) -> Process:
    """Start Prometheus with what `configure` wrote; its data is in the same directory. Raises LocalError."""
    options = [
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        "--storage.tsdb.retention.time=7d",
        f"--web.listen-address={HOST}:{port}",
        "--enable-feature=exemplar-storage",
    ]
    return start("prometheus", [_PROGRAMS / "prometheus", *options], log)


def launch_alertmanager(directory: Path, log: Path, *, port: int) -> Process:
    """Start Alertmanager with the routes of ops/alertmanager. Raises LocalError."""
    options = [
        f"--config.file={ROOT / 'ops' / 'alertmanager' / 'alertmanager.yml'}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    # Debian's build expects its templates in /usr/share: it runs in a mount namespace in which they are there.
    bind = 'mount --bind "$0" /usr/share && exec "$@"'
    shell: list[str | Path] = ["/usr/bin/unshare", "--map-root-user", "--mount", "--", "sh", "-c", bind, _SHARE]
    return start("alertmanager", [*shell, _PROGRAMS / "prometheus-alertmanager", *options], log)


def await_ready(process: Process, port: int) -> None:
    """Wait until it listens. Raises LocalError."""
    process.wait_until(lambda: is_open(port))
