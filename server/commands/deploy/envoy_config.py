"""`envoy-config`: everything that Envoy needs to run, in one directory."""

from pathlib import Path
from typing import Annotated

import typer

from server.addresses import host_and_port
from server.commands import app, fail
from server.commands.deploy.limits import LIMIT, parsed_limits
from server.config import EDGE_KEY, ORIGIN
from server.edge.contract import EdgeError
from server.edge.limits import Limits
from server.edge.render import Address, EdgeValues, TlsListener, Tracing, render


@app.command("envoy-config")
def envoy_config(
    *,
    directory: Annotated[Path, typer.Option(help="Directory to write to; created if missing.")],
    worker: Annotated[list[str], typer.Option(help="host:port of a server worker; repeat for each worker.")],
    host: Annotated[str, typer.Option(help="Address on which Envoy listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="REST, gRPC and gRPC-Web.")] = 8080,
    admin_port: Annotated[int, typer.Option(help="Envoy's admin interface, on loopback.")] = 9901,
    keys_port: Annotated[int, typer.Option(help="Port on loopback from which Envoy fetches the signing keys.")] = 9902,
    metrics: Annotated[str, typer.Option(help="host:port where Prometheus finds Envoy's metrics.")] = "127.0.0.1:9903",
    origin: Annotated[
        list[str] | None, typer.Option(help="Origin of a web page that may call the API; repeat for each.")
    ] = None,
    trusted_hops: Annotated[
        int, typer.Option(help="Number of trusted proxies in front of Envoy that report the client's address.")
    ] = 0,
    tls_port: Annotated[int, typer.Option(help="Address of the TLS listener; needs --certificates.")] = 8443,
    certificates: Annotated[
        Path | None,
        typer.Option(
            help="Directory with tls.crt and tls.key; with client-ca.crt there, client certificates are checked."
        ),
    ] = None,
    edge_key: Annotated[
        Path | None, typer.Option(help="File with YOYAKU_EDGE_KEY: systems may call with client certificates.")
    ] = None,
    traces: Annotated[str | None, typer.Option(help="host:port of a collector: OTLP over gRPC, in plaintext.")] = None,
    traces_percent: Annotated[float, typer.Option(min=0, max=100, help="How many of a hundred calls to sample.")] = 5,
    trust_traceparent: Annotated[
        bool, typer.Option("--trust-traceparent", help="Let calls go on in the traces that their callers name.")
    ] = False,
    limit: Annotated[list[str] | None, typer.Option(help=LIMIT)] = None,
) -> None:
    """Write Envoy's configuration and the files that it watches; run it again to change workers or limits."""
    values = EdgeValues(
        listen=(host, port),
        admin_port=admin_port,
        keys_port=keys_port,
        metrics=_address(metrics, "--metrics"),
        workers=[_address(text, "--worker") for text in worker],
        origins=[_origin(text) for text in origin or ()],
        trusted_hops=trusted_hops,
        tls=_tls((host, tls_port), certificates, edge_key),
        limits=parsed_limits(limit or (), Limits()),
        tracing=Tracing(_address(traces, "--traces"), traces_percent, trust_traceparent) if traces else None,
    )
    try:
        path = render(values, directory)
    except EdgeError as error:
        raise fail(str(error)) from None
    print(f"wrote {path}; run: envoy -c '{path}'")


def _address(text: str, option: str) -> Address:
    try:
        return host_and_port(text)
    except ValueError as error:
        raise fail(f"{option} {text} {error}") from None


def _origin(text: str) -> str:
    # No page would ever match another form, and nothing would say why it may not call.
    if not ORIGIN.fullmatch(text):
        raise fail(f"--origin {text} is no origin: write it as https://book.hospital.example, without a path")
    return text


def _tls(listen: Address, certificates: Path | None, edge_key: Path | None) -> TlsListener | None:
    if certificates is None and edge_key is not None:
        raise fail("--edge-key needs --certificates: client certificates are shown over TLS")
    return TlsListener(listen, _certificates(certificates), _key(edge_key)) if certificates else None


def _key(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        key = file.read_text().strip()
    except OSError as error:
        raise fail(f"--edge-key names {file}, which cannot be read: {error.strerror}") from None
    if not EDGE_KEY.fullmatch(key):
        raise fail(f"{file} must hold 32 to 200 letters and digits: make them with `openssl rand -hex 32`")
    return key


def _certificates(directory: Path) -> Path:
    if missing := [name for name in ("tls.crt", "tls.key") if not (directory / name).is_file()]:
        raise fail(f"{directory} has no {' and no '.join(missing)}: put the certificate and its key there in PEM form")
    return directory
