"""Envoy's configuration on this machine."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from server.config import LocalSettings
from server.edge.contract import EdgeError
from server.edge.limits import LimitError, parse
from server.edge.render import EdgeValues, TlsListener, Tracing, render
from server.local import LocalError
from server.local.processes.ports import HOST
from server.local.servers import certificate


def configuration(
    home: Path,
    settings: LocalSettings,
    *,
    collector: str,
    keys_port: int,
    metrics_port: int,
    workers: Sequence[tuple[str, int]],
) -> Path:
    """Render it below `home`; `collector` is the URL to which the workers send spans, if any. Raises LocalError."""
    try:
        values = EdgeValues(
            listen=(HOST, settings.port),
            admin_port=settings.admin_port,
            keys_port=keys_port,
            metrics=(HOST, metrics_port),
            workers=workers,
            tls=TlsListener((HOST, settings.tls_port), certificate.keep(home / "certificates")),
            origins=settings.origins.split(),
            limits=parse(settings.limits.split()),
            tracing=_tracing(collector, settings.traces_percent),
        )
        return render(values, home / "envoy")
    except (EdgeError, LimitError) as error:
        raise LocalError(str(error)) from None


def _tracing(collector: str, percent: float) -> Tracing | None:
    url = urlsplit(collector)
    return Tracing((url.hostname, url.port or 4317), percent) if url.hostname else None
