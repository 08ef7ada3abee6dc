"""The template, and what is made of it."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.edge.render import SOURCES, EdgeError, EdgeValues, TlsListener, render, write_workers
from tests.edge.envoys import validate

VALUES = EdgeValues(
    listen=("127.0.0.1", 8080),
    admin_port=9901,
    keys_port=9902,
    metrics=("127.0.0.1", 9903),
    workers=[("127.0.0.1", 50051)],
)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    directory = tmp_path / "our certificates"
    directory.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
    ).sign(key, hashes.SHA256())
    pem, form, none = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / "tls.crt").write_bytes(certificate.public_bytes(pem))
    (directory / "tls.key").write_bytes(key.private_bytes(pem, form, none))
    return directory


def addresses(workers_file: Path) -> list[tuple[str, int]]:
    (assignment,) = json.loads(workers_file.read_text())["resources"]
    sockets = [e["endpoint"]["address"]["socket_address"] for e in assignment["endpoints"][0]["lb_endpoints"]]
    return [(each["address"], each["port_value"]) for each in sockets]


def test_envoy_accepts_the_configuration_in_a_path_with_spaces_and_quotes(tmp_path: Path) -> None:
    answer = validate(render(VALUES, tmp_path / 'the "edge" of it'))
    assert answer.returncode == 0, answer.stderr


def test_envoy_accepts_the_configuration_with_tls(tmp_path: Path, certificates: Path) -> None:
    (certificates / "client-ca.crt").write_bytes((certificates / "tls.crt").read_bytes())
    values = replace(
        VALUES,
        listen=("0.0.0.0", 8080),  # noqa: S104 - as in a container
        workers=[("127.0.0.1", 50051), ("::1", 50052)],
        origins=["https://clinic.example"],
        trusted_hops=1,
        tls=TlsListener(("127.0.0.1", 8443), certificates),
    )
    configuration = render(values, tmp_path / "edge")
    answer = validate(configuration)
    assert answer.returncode == 0, answer.stderr
    for file, name in (("server_certificate", "tls.key"), ("client_authorities", "client-ca.crt")):
        assert f"{certificates}/{name}" in (configuration.parent / f"{file}.json").read_text()


def test_envoy_warns_of_nothing_deprecated(tmp_path: Path) -> None:
    configuration = render(VALUES, tmp_path)
    assert "eprecated" not in validate(configuration).stderr


def test_the_template_has_at_most_ten_placeholders() -> None:
    text = (SOURCES / "envoy.yaml").read_text().replace("$$", "")
    assert len(set(re.findall(r"\$([a-z_]+)", text))) <= 10


def test_every_service_with_http_paths_is_transcoded() -> None:
    services = {
        f"yoyaku.v1.{name}"
        for path in (SOURCES.parent / "protos" / "yoyaku" / "v1").glob("*_service.proto")
        for name in re.findall(r"^service (\w+)", path.read_text(), re.MULTILINE)
    }
    assert services == set(re.findall(r"^ +- (yoyaku\.v1\.\w+)$", (SOURCES / "envoy.yaml").read_text(), re.MULTILINE))


def test_workers_are_replaced_by_a_rename(tmp_path: Path) -> None:
    first = write_workers([("127.0.0.1", 50051)], tmp_path)
    inode = first.stat().st_ino
    second = write_workers([("127.0.0.1", 50051), ("localhost", 50052)], tmp_path)
    assert second.stat().st_ino != inode
    assert len(addresses(second)) == 2
    assert addresses(second)[1][0] in {"127.0.0.1", "::1"}
    assert {path.name for path in tmp_path.iterdir()} == {"workers.json", "admission.yaml"}


def test_more_workers_are_given_more_calls_at_once(tmp_path: Path) -> None:
    admitted = []
    for count in (1, 3):
        write_workers([("127.0.0.1", 50051)] * count, tmp_path)
        admitted.append(int(re.findall(r"max_concurrency_limit: (\d+)", (tmp_path / "admission.yaml").read_text())[0]))
    assert admitted[1] == 3 * admitted[0]


def test_a_worker_whose_name_has_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match=r"worker\.invalid has no address"):
        write_workers([("worker.invalid", 50051)], tmp_path)


def test_the_command_writes_what_envoy_accepts(tmp_path: Path) -> None:
    directory = tmp_path / "a b"
    answer = envoy_config("--directory", directory, "--worker", "127.0.0.1:50051", "--worker", "127.0.0.1:50052")
    assert answer.returncode == 0, answer.stderr
    assert addresses(directory / "workers.json") == [("127.0.0.1", 50051), ("127.0.0.1", 50052)]
    assert validate(directory / "envoy.yaml").returncode == 0


def test_the_command_says_what_is_wrong_with_a_worker_or_certificate(tmp_path: Path) -> None:
    answer = envoy_config("--directory", tmp_path, "--worker", "50051")
    assert answer.returncode == 1
    assert "--worker 50051 is not host:port" in answer.stderr
    answer = envoy_config("--directory", tmp_path, "--worker", "127.0.0.1:1", "--certificates", tmp_path)
    assert answer.returncode == 1
    assert "has no tls.crt and no tls.key" in answer.stderr


def envoy_config(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "envoy-config", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=SOURCES.parent)
