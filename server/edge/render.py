"""The edge: fills the template of Envoy's configuration and keeps the file that names its workers."""

import ipaddress
import json
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from server.edge.limits import Bucket, Limits

SOURCES = Path(__file__).resolve().parents[2] / "envoy"
PAGES = SOURCES.with_name("clients") / "web"
CONFIGURATION = "envoy.yaml"
DESCRIPTORS = "yoyaku.binpb"
WORKERS = "workers.json"
CALLS_PER_WORKER = {"most": 96, "fewest": 16}
"""Calls that Envoy admits at once; between the two it goes by how long they take."""
ENDPOINTS_TYPE = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
SECRET_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

Address = tuple[str, int]
"""A host (name or IP) and a port."""


class EdgeError(Exception):
    """The edge cannot be configured; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class TlsListener:
    """A second listener, with the certificate in `certificates`/tls.crt and its key in tls.key.

    Clients that show a certificate need one by an authority in client-ca.crt, if there is that file.
    """

    listen: Address
    certificates: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeValues:
    """What differs between the places where Envoy runs.

    The admin interface and the listener through which Envoy fetches the signing keys are on loopback; `metrics` is for
    Prometheus. `origins` are those of pages that may call the API; `trusted_hops` is how many proxies before Envoy
    report the client's address.
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


def render(values: EdgeValues, directory: Path) -> Path:
    """Write all that Envoy reads into the directory and return the configuration's path.

    Raises EdgeError when the contract was not built or a name does not resolve. Each file is replaced by a rename, so
    a running Envoy takes new workers over at once.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    descriptors = SOURCES / DESCRIPTORS
    if not descriptors.exists():
        raise EdgeError(f"{descriptors} is missing: run `make up`, which builds it from protos/")
    _replace(directory / DESCRIPTORS, descriptors.read_bytes())
    _write_pages(directory)
    write_workers(values.workers, directory)
    write_limits(values.limits, directory)
    if values.tls:
        _write_tls(values.tls.certificates.resolve(), directory)
    placeholders = _placeholders(values, directory) | {"in_path": _in_path(descriptors.read_bytes())}
    return _write(directory, CONFIGURATION, placeholders)


def write_workers(workers: Sequence[Address], directory: Path) -> Path:
    """Name the workers that get calls from now on; names are resolved now. Raises EdgeError."""
    endpoints = [{"endpoint": {"address": {"socket_address": _socket_address(worker)}}} for worker in workers]
    assignment = {"@type": ENDPOINTS_TYPE, "cluster_name": "workers", "endpoints": [{"lb_endpoints": endpoints}]}
    _write(directory, "admission.yaml", {name: each * max(1, len(workers)) for name, each in CALLS_PER_WORKER.items()})
    return _replace(directory / WORKERS, json.dumps({"resources": [assignment]}, indent=2).encode())


def write_limits(limits: Limits, directory: Path) -> None:
    """Say how often callers may call from now on; a limit that changes begins anew."""
    buckets = {name: _token_bucket(bucket) for name, bucket in asdict(limits).items()}
    for name in ("address_limits.yaml", "subject_limits.yaml"):
        _write(directory, name, buckets)


def _write_pages(directory: Path) -> None:
    for source in PAGES.glob("*/*.*"):
        target = directory / "web" / source.relative_to(PAGES)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, source.read_bytes())


def _write(directory: Path, name: str, placeholders: Mapping[str, object]) -> Path:
    """Fill the placeholders of a template."""
    return _replace(directory / name, Template((SOURCES / name).read_text()).substitute(placeholders).encode())


def _token_bucket(bucket: Bucket) -> str:
    return json.dumps({"max_tokens": bucket.burst, "tokens_per_fill": bucket.per_second, "fill_interval": "1s"})


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


def _placeholders(values: EdgeValues, directory: Path) -> dict[str, str]:
    tls = values.tls
    return {
        "listen": json.dumps(_socket_address(values.listen)),
        "admin_port": str(values.admin_port),
        "keys_port": str(values.keys_port),
        "metrics_listen": json.dumps(_socket_address(values.metrics)),
        "directory": _quoted(directory),
        "origins": json.dumps([{"exact": origin} for origin in values.origins]),
        "trusted_hops": str(values.trusted_hops),
        "tls": "" if tls else "# ",
        "tls_listen": json.dumps(_socket_address(tls.listen)) if tls else "",
    }


def _in_path(descriptors: bytes) -> str:
    """A table in Lua: for each method whose HTTP path names fields, those fields by their plain spelling."""
    methods = {
        f"/{file.package}.{service.name}/{method.name}": str(method.options.Extensions[annotations_pb2.http])
        for file in FileDescriptorSet.FromString(descriptors).file
        for service in file.service
        for method in service.method
    }
    named = {method: re.findall(r"{([\w.]+)", rule) for method, rule in methods.items()}
    return _table({method: _table({_plain(each): f'"{each}"' for each in names}) for method, names in named.items()})


def _plain(field: str) -> str:
    """What the two names of a field (doctor_id, doctorId) have in common."""
    return field.replace("_", "").lower()


def _table(entries: dict[str, str]) -> str:
    """A table in Lua."""
    return "{" + ", ".join(f'["{key}"] = {value}' for key, value in entries.items()) + "}"


def _quoted(path: Path) -> str:
    """The path as it stands between the double quotes of a YAML string."""
    return json.dumps(str(path))[1:-1]


def _socket_address(address: Address) -> dict[str, str | int]:
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


def _replace(target: Path, content: bytes) -> Path:
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(target)
    return target
