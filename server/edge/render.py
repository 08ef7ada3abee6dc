"""Writes Envoy's configuration and the files that Envoy watches: workers, limits, certificates."""

import ipaddress
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from server.domain.methods import COSTLY, LIMITED
from server.edge import contract, local_replies, lua, pages
from server.edge.contract import PACKAGE, REFLECTION, EdgeError, Method
from server.edge.limits import CALLS_PER_WORKER, OTHERS_OF_ADMISSION, TOKENS_OF_COSTLY, Bucket, Limits, parse
from server.edge.template import Json, filled

CONFIGURATION = "envoy.yaml"
WORKERS = "workers.json"
LIMITS = "limits"
ENDPOINTS_TYPE = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
SECRET_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

CALLERS_TRACE = "x-client-traceparent"
TRACE_HEADERS = ("traceparent", "tracestate", "x-amzn-trace-id")
LEFT_OUT_OF_SPANS = (
    "http.url", "http.method", "grpc.path", "user_agent", "peer.address", "downstream_cluster", "grpc.authority",
    "grpc.content_type", "grpc.timeout",
)  # fmt: skip
"""Tags that Envoy would add to spans: they hold texts of the caller, and a path with ids of patients."""

Address = tuple[str, int]
"""A host (name or IP) and a port."""


@dataclass(frozen=True, slots=True)
class TlsListener:
    """A second listener, with the certificate in `certificates`/tls.crt and its key in tls.key.

    If there is a file client-ca.crt, a client's certificate must be from an authority in it. With an `edge_key`, which
    the workers have too, a caller without a token acts as the service account that has the name in the certificate.
    """

    listen: Address
    certificates: Path
    edge_key: str = ""


@dataclass(frozen=True, slots=True)
class Tracing:
    """The OTLP collector (gRPC) that gets spans, and how many of a hundred calls are sampled.

    `trusted`: a call goes on in the trace that its caller names; else a trace begins here, and refers to that one. In
    neither case does the caller decide whether it is sampled.
    """

    collector: Address
    percent: float = 5
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeValues:
    """The settings that differ between installations of Envoy.

    The admin interface and the listener through which Envoy fetches the signing keys are on loopback; `metrics` is the
    address for Prometheus. `origins` are the origins of pages that may call the API; `trusted_hops` is the number of
    proxies before Envoy that report the client's address.
    """

    listen: Address
    admin_port: int
    keys_port: int
    metrics: Address
    workers: Sequence[Address]
    origins: Sequence[str] = ()
    trusted_hops: int = 0
    tls: TlsListener | None = None
    limits: Limits = Limits()
    tracing: Tracing | None = None


def render(values: EdgeValues, directory: Path) -> Path:
    """Write everything that Envoy reads into the directory; the path of the configuration.

    Raises EdgeError if the contract was not built or a name does not resolve. Each file is replaced by a rename, so a
    running Envoy uses new workers at once.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / contract.DESCRIPTORS.name, contract.descriptors())
    _write_pages(directory)
    write_workers(values.workers, directory)
    write_limits(values.limits, directory)
    if values.tls:
        _write_tls(values.tls.certificates.resolve(), directory)
    known = _places(values) | _contents(str(directory), contract.methods())
    known |= lua.filters(values.tls.edge_key if values.tls else "", contract.methods())
    parts = {name: filled(f"{name}.yaml", known) for name in ("routes", "clusters")} | _tracing(values.tracing)
    return _write(directory, CONFIGURATION, known | parts, 0o600 if values.tls and values.tls.edge_key else 0o644)


def write_workers(workers: Sequence[Address], directory: Path, weights: Sequence[int] = ()) -> Path:
    """Set the workers that get calls from now on; host names are resolved now. Raises EdgeError.

    With `weights`, one for each and at least 1, their shares of the calls are in proportion to these.
    """
    endpoints = [
        {"endpoint": {"address": {"socket_address": _socket_address(worker)}}, "load_balancing_weight": weight}
        for worker, weight in zip(workers, weights or [1] * len(workers), strict=True)
    ]
    assignment = {"@type": ENDPOINTS_TYPE, "cluster_name": "workers", "endpoints": [{"lb_endpoints": endpoints}]}
    admitted = {name: each * max(1, len(workers)) for name, each in CALLS_PER_WORKER.items()}
    for name, (of_others, headers) in OTHERS_OF_ADMISSION.items():
        known = {**admitted, "name": name, "of_others": of_others, "headers_of_others": headers}
        _replace(directory / f"{name}.yaml", json.dumps(filled("admission.yaml", known), indent=1).encode())
    return _replace(directory / WORKERS, json.dumps({"resources": [assignment]}, indent=2).encode())


def read_limits(directory: Path) -> Limits:
    """The rate limits that were set last. FileNotFoundError if none were."""
    return parse((directory / LIMITS).read_text().split())


def write_limits(limits: Limits, directory: Path) -> None:
    """Set the rate limits from now on; a limit that changes starts with a full bucket."""
    buckets = {name: _token_bucket(bucket) for name, bucket in asdict(limits).items()}
    for name in ("address_limits.yaml", "subject_limits.yaml"):
        _write(directory, name, buckets)
    _replace(directory / LIMITS, f"{limits}\n".encode())


def _write_pages(directory: Path) -> None:
    for file, content in pages.contents().items():
        target = directory / "web" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content)


def _write(directory: Path, name: str, values: Mapping[str, Json], mode: int = 0o644) -> Path:
    """Fill in a template. The file is written as JSON, which is also YAML but without its ambiguities."""
    return _replace(directory / name, json.dumps(filled(name, values), indent=1).encode(), mode)


def _token_bucket(bucket: Bucket) -> Json:
    return {"max_tokens": bucket.burst, "tokens_per_fill": bucket.per_second, "fill_interval": "1s"}


def _write_tls(certificates: Path, directory: Path) -> None:
    certificate = {"certificate_chain": _file(certificates / "tls.crt"), "private_key": _file(certificates / "tls.key")}
    authorities = certificates / "client-ca.crt"
    trusted = {"trusted_ca": _file(authorities)} if authorities.exists() else {}
    for file, secret in (
        ("server_certificate.json", {"name": "server", "tls_certificate": certificate}),
        ("client_authorities.json", {"name": "clients", "validation_context": trusted}),
    ):
        _replace(directory / file, json.dumps({"resources": [{"@type": SECRET_TYPE, **secret}]}).encode())


def _file(path: Path) -> dict[str, str]:
    return {"filename": str(path)}


def _places(values: EdgeValues) -> dict[str, Json]:
    """The placeholders that differ between installations."""
    return {
        "listen": _socket_address(values.listen),
        "admin_port": values.admin_port,
        "keys_port": values.keys_port,
        "metrics_listen": _socket_address(values.metrics),
        "origins": list(values.origins),
        "trusted_hops": values.trusted_hops,
        "collectors": [_socket_address(values.tracing.collector)] if values.tracing else [],
        "tls_listeners": [_socket_address(values.tls.listen)] if values.tls else [],
    }


def _tracing(tracing: Tracing | None) -> dict[str, Json]:
    """The placeholders about traces, None if there is no collector."""
    values = {"percent": tracing.percent, "left_out": LEFT_OUT_OF_SPANS} if tracing else {}
    trusted = tracing is not None and tracing.trusted
    return {
        "tracing": filled("tracing.yaml", values) if tracing else None,
        "traces_of_callers": [] if trusted else [CALLERS_TRACE],
        "untrusted_headers": [CALLERS_TRACE] if trusted else TRACE_HEADERS,
    }


def _contents(directory: str, methods: Sequence[Method]) -> dict[str, Json]:
    """The placeholders that follow from the contract, envoy/ and clients/web."""
    calls = [method for method in methods if not method.streams and not method.public]
    by_service = groupby(methods, lambda method: method.service)
    return {
        "directory": directory,
        "admissions": [{"name": name, "file": f"{directory}/{name}.yaml"} for name in OTHERS_OF_ADMISSION],
        "services": sorted({method.service for method in methods}),
        "methods_by_service": [{"service": name, "methods": [each.name for each in of]} for name, of in by_service],
        "public_methods": [_route(method.path) for method in methods if method.public],
        "visitor_calls": [_route(each.path, "visitor") for each in calls if each.for_visitors],
        "visitor_streams": [_route(each.path, "visitor") for each in methods if each.for_visitors and each.streams],
        "reflection": [_route(path) for path in REFLECTION],
        "streams": [_route(method.path) for method in methods if method.streams],
        "reads": [_route(method.path) for method in calls if method.reads],
        "writes": [_route(method.path) for method in calls if not method.reads],
        "pages": pages.pages(directory),
        "page_parts": pages.page_parts(directory),
        "json_replies": local_replies.json_replies(),
        "grpc_replies": local_replies.grpc_replies(),
    }


def _route(path: str, bucket: str | None = None) -> Json:
    """A method's path, with the limits of its calls: the tokens that one takes, and the bucket of its own, if any."""
    method = path.removeprefix(f"/{PACKAGE}.")
    tokens = TOKENS_OF_COSTLY if method in COSTLY or path in REFLECTION else 1
    own = bucket or next((name for name, of in LIMITED.items() if method in of), None)
    return {"path": path, "tokens": tokens, "bucket": own}


def _socket_address(address: Address) -> dict[str, Json]:
    host, port = address
    return {"address": _resolved(host), "port_value": port}


def _resolved(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise EdgeError(f"{host} has no address ({error}): check the spelling, or give an IP address") from None


def _replace(target: Path, content: bytes, mode: int = 0o644) -> Path:
    """Write a file with at most these permissions."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode)
    scratch.write_bytes(content)
    scratch.replace(target)
    return target
