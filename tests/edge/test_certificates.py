"""Hospital systems that call with a client certificate instead of a token."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.x509 import DNSName, GeneralName, UniformResourceIdentifier
from grpc import insecure_channel

from server.edge.limits import Bucket, Limits
from server.edge.render import TlsListener, write_limits
from server.edge.template import SOURCES
from server.local.processes.ports import free
from server.local.servers import certificate
from server.local.servers.postgres import PostgresServer
from tests.edge.answers import reason
from tests.edge.authority import Authority, trusting
from tests.edge.clinic import Stack, running_worker
from tests.edge.envoys import NEVER, NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.test_breakers import still
from tests.fixtures.valkey import emptied
from tests.fixtures.waiting import eventually
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.auth_service_pb2_grpc import AuthServiceStub

EDGE_KEY = "a-key-that-envoy-and-the-workers-share"
CROWD = 250
"""More calls than the edge admits."""
LABORATORY = "spiffe://hospital.example/laboratory"


@dataclass(frozen=True)
class Hospital:
    """A worker behind Envoy with TLS, and the authority that the hospital's systems have their certificates from."""

    stack: Stack
    edge: Edge
    url: str
    directory: Path
    authority: Authority

    def shown(self, *names: GeneralName, authority: Authority | None = None) -> Path:
        """A client certificate with these names."""
        return (authority or self.authority).client(self.directory / "client.pem", *names)

    def me(self, client: Path | None, url: str = "", **headers: str) -> httpx.Response:
        """Ask who the caller is."""
        with httpx.Client(verify=trusting(self.directory / "server" / "tls.crt", client)) as http:
            return http.get(f"{url or self.url}/api/auth/me", headers={**headers, "connection": "close"})

    def admin(self, path: str, **fields: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.stack.clinic.tokens['admin']}"}
        return httpx.post(f"{self.edge.url}/api/auth/{path}", json=fields, headers=headers)

    def system(self, name: str) -> str:
        """A service account of the clinic with a certificate's name; its id."""
        made = self.admin(
            "service-accounts", name="System", clinic_ids=[self.stack.clinic.clinic], certificate_name=name
        )
        assert made.status_code == 200, made.text
        return str(made.json()["account_id"])


@pytest.fixture(scope="module")
def hospital(
    postgres_cluster: PostgresServer, template: str, valkey_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hospital]:
    postgres_cluster.query(f"CREATE DATABASE certificates TEMPLATE {template}")
    url, valkey = postgres_cluster.url("certificates"), emptied(valkey_port)
    directory, authority, (port,) = tmp_path_factory.mktemp("hospital"), Authority(), free(1)
    certificates = certificate.keep(directory / "server")
    (certificates / "client-ca.crt").write_bytes(authority.certificate())
    tls = TlsListener(("127.0.0.1", port), certificates, EDGE_KEY)
    with (
        running_worker(url, valkey, tmp_path_factory.mktemp("worker"), edge_key=EDGE_KEY) as stack,
        running_envoy(
            directory / "edge",
            workers=[("127.0.0.1", stack.port)],
            limits=NO_LIMITS,
            tls=tls,
            unhealthy_threshold=NEVER,
        ) as edge,
    ):
        wait_for_readyz(edge, 200)
        yield Hospital(stack, edge, f"https://localhost:{port}", directory, authority)
    postgres_cluster.query("DROP DATABASE certificates WITH (FORCE)")


def test_a_system_with_a_certificate_and_no_token_acts_as_its_service_account(hospital: Hospital) -> None:
    for given, registered in (
        (UniformResourceIdentifier(LABORATORY), LABORATORY),
        (DNSName("Pharmacy.hospital.example"), "pharmacy.hospital.example"),
    ):
        account = hospital.system(registered)
        answer = hospital.me(hospital.shown(given))
        assert answer.status_code == 200, answer.text
        assert answer.json()["account"]["id"] == account
        assert answer.json()["account"]["roles"] == ["ACCOUNT_ROLE_SYSTEM"]


def test_a_stream_is_opened_with_a_certificate_too(hospital: Hospital) -> None:
    hospital.system("spiffe://hospital.example/screens")
    client = hospital.shown(UniformResourceIdentifier("spiffe://hospital.example/screens"))
    query = {"doctor_ids": hospital.stack.clinic.doctor}
    with (
        httpx.Client(verify=trusting(hospital.directory / "server" / "tls.crt", client), timeout=30) as http,
        http.stream("GET", f"{hospital.url}/api/schedules/slots:watch", params=query) as answer,
    ):
        assert answer.status_code == 200
        assert hospital.stack.clinic.doctor in next(answer.iter_lines())


def test_a_token_goes_before_a_certificate(hospital: Hospital) -> None:
    account = hospital.system("spiffe://hospital.example/desk")
    client = hospital.shown(UniformResourceIdentifier("spiffe://hospital.example/desk"))
    assert hospital.me(client).json()["account"]["id"] == account
    token = hospital.stack.clinic.tokens["staff"]
    assert hospital.me(client, authorization=f"Bearer {token}").json()["account"]["roles"] == ["ACCOUNT_ROLE_STAFF"]
    for wrong in ("Bearer wrong", "Basic d3Jvbmc6d3Jvbmc="):
        assert hospital.me(client, authorization=wrong).status_code == 401


def test_a_page_in_a_browser_cannot_call_with_the_browsers_certificate(hospital: Hospital) -> None:
    hospital.system("spiffe://hospital.example/ward")
    client = hospital.shown(UniformResourceIdentifier("spiffe://hospital.example/ward"))
    assert hospital.me(client).status_code == 200
    for sent_by_browsers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        refused = hospital.me(client, **sent_by_browsers)
        assert (refused.status_code, reason(refused)) == (401, "TOKEN_MISSING")


def test_a_certificate_of_another_authority_or_without_one_account_is_refused(hospital: Hospital) -> None:
    mine, other = (UniformResourceIdentifier(f"spiffe://hospital.example/{each}") for each in ("mri", "other"))
    hospital.system("spiffe://hospital.example/mri")
    with pytest.raises((httpx.ConnectError, httpx.ReadError)):
        hospital.me(hospital.shown(mine, authority=Authority()))
    unknown = hospital.me(hospital.shown(other))
    assert (unknown.status_code, reason(unknown)) == (401, "CREDENTIAL_INVALID")
    for names in ((mine, other), (DNSName("a.example"), DNSName("b.example")), ()):
        unclear = hospital.me(hospital.shown(*names))
        assert (unclear.status_code, reason(unclear)) == (401, "TOKEN_MISSING"), names


def test_nobody_claims_a_name_by_a_header(hospital: Hospital) -> None:
    hospital.system("spiffe://hospital.example/archive")
    claims = {
        "x-yoyaku-certificate": f"{EDGE_KEY} spiffe://hospital.example/archive",
        "x-forwarded-client-cert": "URI=spiffe://hospital.example/archive",
    }
    nobody = hospital.shown(UniformResourceIdentifier("spiffe://hospital.example/nobody"))
    for client, url in ((None, hospital.edge.url), (None, hospital.url), (nobody, hospital.url)):
        assert hospital.me(client, url, **claims).status_code == 401
    with insecure_channel(f"127.0.0.1:{hospital.stack.port}") as channel:

        def straight_to_the_worker(key: str) -> Any:
            claim = (("x-yoyaku-certificate", f"{key} spiffe://hospital.example/archive"),)
            return AuthServiceStub(channel).GetMe.with_call(pb.GetMeRequest(), metadata=claim, timeout=30)

        assert straight_to_the_worker(EDGE_KEY)
        for key in ("", "wrong", EDGE_KEY[:-1]):
            with pytest.raises(Exception, match="UNAUTHENTICATED"):
                straight_to_the_worker(key)


def test_a_disabled_account_is_refused_within_seconds_and_its_name_is_free(hospital: Hospital) -> None:
    name = "spiffe://hospital.example/billing"
    account, client = hospital.system(name), hospital.shown(UniformResourceIdentifier(name))
    assert hospital.me(client).status_code == 200
    taken = hospital.admin("service-accounts", name="Other", all_clinics=True, certificate_name=name)
    assert (taken.status_code, reason(taken)) == (409, "CERTIFICATE_NAME_TAKEN")
    assert hospital.admin(f"accounts/{account}:disable").status_code == 200

    def clinics() -> httpx.Response:
        with httpx.Client(verify=trusting(hospital.directory / "server" / "tls.crt", client)) as http:
            return http.get(f"{hospital.url}/api/clinics")

    eventually(lambda: clinics().status_code == 401, 30)
    assert reason(clinics()) == "CREDENTIAL_INVALID"
    successor = hospital.system(name)
    assert hospital.me(client).json()["account"]["id"] == successor


def test_a_system_with_a_certificate_has_the_limits_of_systems(hospital: Hospital) -> None:
    name = "spiffe://hospital.example/busy"
    hospital.system(name)
    busy = hospital.shown(UniformResourceIdentifier(name))
    limits = Limits(address=NO_LIMITS.address, system=Bucket(1, 3))
    write_limits(limits, hospital.edge.directory)
    try:
        answer = eventually(lambda: next((a for a in [hospital.me(busy)] if a.status_code == 429), None))
        assert answer
        assert reason(answer) == "RATE_LIMITED"
        assert hospital.me(None, authorization=f"Bearer {hospital.stack.clinic.tokens['staff']}").status_code == 200
    finally:
        write_limits(NO_LIMITS, hospital.edge.directory)


def test_a_crowd_of_patients_takes_no_place_of_a_system_with_a_certificate(hospital: Hospital) -> None:
    name, many = "spiffe://hospital.example/ambulance", httpx.Limits(max_connections=None)
    hospital.system(name)
    server = hospital.directory / "server" / "tls.crt"
    client, token = hospital.shown(UniformResourceIdentifier(name)), hospital.stack.clinic.tokens["patient"]
    with (
        # Each listener admits calls of its own: the crowd comes where systems come.
        httpx.Client(base_url=hospital.url, verify=trusting(server, None), timeout=30, limits=many) as patients,
        httpx.Client(base_url=hospital.url, verify=trusting(server, client), timeout=30) as system,
        ThreadPoolExecutor(CROWD + 1) as pool,
    ):

        def patient() -> httpx.Response:
            return patients.get("/api/doctors", headers={"authorization": f"Bearer {token}"})

        assert (patient().status_code, system.get("/api/doctors").status_code) == (200, 200)
        with still(hospital.stack):
            crowd = [pool.submit(patient) for _ in range(CROWD)]
            refused = eventually(lambda: [each.result() for each in crowd if each.done()])
            answer = pool.submit(system.get, "/api/doctors")
            wait([answer], timeout=1)  # a refusal comes at once
            assert patient().status_code == 429
        assert {each.status_code for each in refused} == {429}
        assert answer.result().status_code != 429


def test_names_that_no_certificate_can_have_are_refused(hospital: Hospital) -> None:
    for name in ("laboratory", "Laboratory.example", "spiffe://a b", "*.example", "urn:x y"):
        answer = hospital.admin("service-accounts", name="System", all_clinics=True, certificate_name=name)
        assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST"), name


def test_the_key_is_for_envoy_alone_to_read(hospital: Hospital) -> None:
    rendered = hospital.directory / "rendered"
    command = [sys.executable, "-m", "server", "envoy-config", f"--directory={rendered}", "--worker=127.0.0.1:1"]
    key = hospital.directory / "key"
    key.write_text(f"{EDGE_KEY}\n")
    command += [f"--certificates={hospital.directory / 'server'}", f"--edge-key={key}"]
    subprocess.run(command, check=True, cwd=SOURCES.parent)
    assert EDGE_KEY in (rendered / "envoy.yaml").read_text()
    assert (rendered / "envoy.yaml").stat().st_mode & 0o077 == 0
    assert EDGE_KEY not in hospital.edge.log() + hospital.stack.process.log.read_text()
