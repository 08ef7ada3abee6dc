"""The template, and what is made of it."""

import base64
import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import json_format
from google.rpc.status_pb2 import Status

from server.domain.methods import LIMITED, METHODS
from server.edge.contract import EdgeError
from server.edge.limits import Limits
from server.edge.local_replies import grpc_replies, json_replies
from server.edge.render import EdgeValues, TlsListener, render, write_workers
from server.edge.template import SOURCES
from server.rpc.calls.call_lifecycle import VISITED
from tests.edge.envoys import validate
from yoyaku.v1.error_reason_pb2 import ErrorReason

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


def rendered(directory: Path, values: EdgeValues = VALUES) -> dict[str, Any]:
    """The configuration that Envoy reads."""
    parsed: dict[str, Any] = json.loads(render(values, directory).read_text())
    return parsed


def connection_manager(configuration: dict[str, Any], listener: str) -> dict[str, Any]:
    (found,) = [each for each in configuration["static_resources"]["listeners"] if each["name"] == listener]
    manager: dict[str, Any] = found["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def http_filter(configuration: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in connection_manager(configuration, "edge")["http_filters"] if each["name"] == name]
    settings: dict[str, Any] = found["typed_config"]
    return settings


def test_the_templates_are_yaml_and_short_before_they_are_filled_in() -> None:
    templates = sorted(SOURCES.glob("*.yaml"))
    assert {each.name for each in templates} > {"envoy.yaml", "routes.yaml", "local_replies.yaml"}
    for template in templates:
        text = template.read_text()
        assert yaml.safe_load(text), template
        assert len(text.splitlines()) < 400, template


def test_ten_values_at_most_differ_between_places() -> None:
    assert len(fields(EdgeValues)) <= 10


def test_each_method_of_the_contract_is_transcoded_counted_and_has_its_routes(tmp_path: Path) -> None:
    methods = {
        f"/yoyaku.v1.{service}/{method}"
        for path in (SOURCES.parent / "protos" / "yoyaku" / "v1").glob("*_service.proto")
        for service, body in re.findall(r"^service (\w+) {\n(.*?)^}", path.read_text(), re.MULTILINE | re.DOTALL)
        for method in re.findall(r"^  rpc (\w+)", body, re.MULTILINE)
    }
    configuration = rendered(tmp_path)
    assert set(http_filter(configuration, "transcoder")["services"]) == {each.split("/")[1] for each in methods}
    counted = http_filter(configuration, "grpc_stats")["individual_method_stats_allowlist"]["services"]
    assert {f"/{each['name']}/{name}" for each in counted for name in each["method_names"]} == methods
    (host,) = connection_manager(configuration, "edge")["route_config"]["virtual_hosts"]
    routes = [each["name"] for each in host["routes"] if each.get("name", "").startswith("/yoyaku.")]
    assert sorted(routes) == sorted([*methods, *VISITED])  # two: one for callers without a token


def test_methods_with_a_limit_of_their_own_are_ones_of_the_contract() -> None:
    limited = [each for methods in LIMITED.values() for each in methods]
    assert set(limited) <= METHODS.keys()
    assert len(limited) == len(set(limited))
    assert LIMITED.keys() <= {field.name for field in fields(Limits)}


def test_without_a_certificate_there_is_no_listener_for_tls(tmp_path: Path, certificates: Path) -> None:
    def listeners(values: EdgeValues) -> set[str]:
        return {each["name"] for each in rendered(tmp_path, values)["static_resources"]["listeners"]}

    plain = listeners(VALUES)
    assert listeners(replace(VALUES, tls=TlsListener(("127.0.0.1", 8443), certificates))) - plain == {"edge_tls"}


def test_what_envoy_answers_itself_says_the_same_over_json_and_grpc() -> None:
    over_json = {json.dumps(each["when"]): each["error"] for each in json_replies()}
    compared = 0
    for reply in grpc_replies():
        headers = {each["header"]["key"]: each["header"]["value"] for each in reply["headers"]}
        status = Status.FromString(base64.b64decode(headers["grpc-status-details-bin"] + "=="))
        assert headers["grpc-status"] == str(status.code)
        assert reply["text"].startswith(status.message)
        error = over_json.get(json.dumps(reply["when"]))  # none for what only gRPC can get wrong
        if error and error["message"] == reply["text"]:
            said = json_format.MessageToDict(status, True, preserving_proto_field_name=True)
            assert said["details"] == error["details"]
            assert said["code"] == error["code"]
            compared += 1
    assert compared > 10


def test_the_reasons_of_what_envoy_answers_are_ones_of_the_contract() -> None:
    reasons = set(ErrorReason.keys())
    for reply in json_replies():
        for detail in reply["error"]["details"]:
            assert "reason" not in detail or f"ERROR_REASON_{detail['reason']}" in reasons


def test_workers_are_replaced_by_a_rename(tmp_path: Path) -> None:
    first = write_workers([("127.0.0.1", 50051)], tmp_path)
    inode = first.stat().st_ino
    second = write_workers([("127.0.0.1", 50051), ("localhost", 50052)], tmp_path)
    assert second.stat().st_ino != inode
    assert len(addresses(second)) == 2
    assert addresses(second)[1][0] in {"127.0.0.1", "::1"}
    assert {path.name for path in tmp_path.iterdir()} == {"workers.json", "admission.yaml", "admission_of_desk.yaml"}


def test_more_workers_are_given_more_calls_at_once(tmp_path: Path) -> None:
    admitted = []
    for count in (1, 3):
        write_workers([("127.0.0.1", 50051)] * count, tmp_path)
        admitted.append(
            int(re.findall(r'"max_concurrency_limit": (\d+)', (tmp_path / "admission.yaml").read_text())[0])
        )
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
    assert "--worker 50051 must be HOST:PORT, such as 127.0.0.1:50051" in answer.stderr
    answer = envoy_config("--directory", tmp_path, "--worker", "127.0.0.1:1", "--certificates", tmp_path)
    assert answer.returncode == 1
    assert "has no tls.crt and no tls.key" in answer.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--worker", "127.0.0.1:65536"], "--worker 127.0.0.1:65536 must be HOST:PORT"),
        (["--worker", "127.0.0.1:1", "--metrics", "127.0.0.1:0"], "--metrics 127.0.0.1:0 must be HOST:PORT"),
        (["--worker", "127.0.0.1:1", "--origin", "app.example"], "--origin app.example is no origin"),
        (["--worker", "127.0.0.1:1", "--origin", "https://app.example/"], "--origin https://app.example/ is no origin"),
    ],
)
def test_the_command_writes_nothing_that_envoy_refuses_or_no_page_matches(
    tmp_path: Path, options: list[str], said: str
) -> None:
    directory = tmp_path / "edge"
    answer = envoy_config("--directory", directory, *options)
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert said in answer.stderr
    assert not directory.exists()


def envoy_config(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "envoy-config", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=SOURCES.parent)
