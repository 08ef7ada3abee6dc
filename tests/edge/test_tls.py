"""TLS at the edge: versions, clients' certificates, and a certificate that is replaced."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from server.edge.render import TlsListener
from server.edge.template import SOURCES
from server.local.processes.ports import free
from tests.edge.envoys import Edge, running_envoy
from tests.fixtures.waiting import eventually


def make_certificate(directory: Path, *names: str) -> Path:
    """By the command that people use."""
    command = [sys.executable, "-m", "server", "certificate", f"{directory}", *names]
    subprocess.run(command, check=True, capture_output=True, cwd=SOURCES.parent)
    return directory


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Edge, str, Path]]:
    """Envoy with TLS, its URL, and a client's certificate that it trusts."""
    certificates = make_certificate(tmp_path / "server")
    client = make_certificate(tmp_path / "client", "hospital.example")
    (certificates / "client-ca.crt").write_bytes((client / "tls.crt").read_bytes())
    (port,) = free(1)
    with running_envoy(tmp_path / "edge", workers=[], tls=TlsListener(("127.0.0.1", port), certificates)) as edge:
        yield edge, f"https://localhost:{port}", tmp_path


def context(directory: Path, client: Path | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=directory / "server" / "tls.crt")
    if client:
        made.load_cert_chain(client / "tls.crt", client / "tls.key")
    return made


def test_tls_offers_http_2_and_no_old_versions(secure: tuple[Edge, str, Path]) -> None:
    _, url, directory = secure
    for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1")):
        ours = context(directory)
        ours.set_alpn_protocols(offered)
        plain = socket.create_connection(("localhost", int(url.rpartition(":")[2])))
        with ours.wrap_socket(plain, server_hostname="localhost") as connection:
            assert connection.selected_alpn_protocol() == chosen
            assert connection.version() in {"TLSv1.2", "TLSv1.3"}
    old = context(directory)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz", verify=old)


def test_a_client_may_show_a_certificate_of_a_trusted_authority_alone(secure: tuple[Edge, str, Path]) -> None:
    edge, url, directory = secure
    edge.log_every_refusal()
    assert httpx.get(f"{url}/healthz", verify=context(directory)).status_code == 200
    trusted = context(directory, directory / "client")
    assert (
        httpx.get(f"{url}/api/nothing", verify=trusted, headers={"x-request-id": "with-certificate"}).status_code == 404
    )
    eventually(lambda: "with-certificate" in edge.log())
    assert '"client_certificate":"CN=hospital.example"' in edge.log()
    stranger = make_certificate(directory / "stranger", "hospital.example")
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        httpx.get(f"{url}/healthz", verify=context(directory, stranger))


def test_a_replaced_certificate_is_taken_over_while_envoy_runs(secure: tuple[Edge, str, Path]) -> None:
    _, url, directory = secure
    port = int(url.rpartition(":")[2])

    def serial() -> int:
        pem = ssl.get_server_certificate(("localhost", port))
        return x509.load_pem_x509_certificate(pem.encode()).serial_number

    before, other = serial(), make_certificate(directory / "other")
    for name in ("tls.key", "tls.crt"):
        (other / name).replace(directory / "server" / name)
    eventually(lambda: serial() != before)


def test_the_command_keeps_a_certificate_that_is_good(tmp_path: Path) -> None:
    first = (make_certificate(tmp_path, "edge.example", "10.0.0.7") / "tls.crt").read_bytes()
    assert (make_certificate(tmp_path, "edge.example", "10.0.0.7") / "tls.crt").read_bytes() == first
    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each.value) for each in names] == ["edge.example", "10.0.0.7"]
    assert (tmp_path / "tls.key").stat().st_mode & 0o077 == 0
    serialization.load_pem_private_key((tmp_path / "tls.key").read_bytes(), None)


def test_a_handshake_that_never_begins_is_given_up(secure: tuple[Edge, str, Path]) -> None:
    _, url, _ = secure
    with socket.create_connection(("localhost", int(url.rpartition(":")[2])), timeout=60) as connection:
        began = time.monotonic()
        assert connection.recv(1) == b""
    assert time.monotonic() - began > 4
