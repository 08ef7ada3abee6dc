"""The rotation of signing keys while calls go on, through a real Envoy and two workers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from server.local.processes.ports import free
from server.local.servers.postgres import PostgresServer
from tests.edge.clinic import running_worker
from tests.edge.envoys import running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.fixtures.valkey import emptied
from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
CACHE_SECONDS = 2
"""Instead of a minute: how long Envoy keeps the keys."""


@pytest.fixture
def rotating(
    postgres_cluster: PostgresServer, template: str, valkey_port: int, tmp_path: Path
) -> Iterator[tuple[Rest, dict[str, str]]]:
    """Callers, and the environment of a command on their database."""
    postgres_cluster.query(f"CREATE DATABASE rotating TEMPLATE {template}")
    url, cache = postgres_cluster.url("rotating"), str(CACHE_SECONDS)
    with running_worker(url, emptied(valkey_port), tmp_path, keys_cache_seconds=cache) as stack:
        [port] = free(1)
        second = stack.launch("second", port)
        try:
            addresses = [("127.0.0.1", stack.port), ("127.0.0.1", port)]
            (tmp_path / "edge").mkdir()
            with (
                running_envoy(tmp_path / "edge", addresses, keys_cache_seconds=CACHE_SECONDS) as edge,
                httpx.Client(base_url=edge.url) as http,
            ):
                wait_for_readyz(edge, 200)
                yield Rest(http, stack), stack.environment
        finally:
            second.stop(seconds=20)
    postgres_cluster.query("DROP DATABASE rotating WITH (FORCE)")


class Load:
    """Calls one after the other, each with a fresh token and with the first one, until the end."""

    def __init__(self, url: str, device_token: str) -> None:
        self._http = httpx.Client(base_url=url)
        self._device_token = device_token
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kids: list[str] = []
        self.failures: list[str] = []
        self.calls = 0

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._http.close()

    def _run(self) -> None:
        first = self._token()
        while not self._ending.wait(0.05):
            for token in (self._token(), first):
                answer = self._http.get("/api/clinics", headers={"authorization": f"Bearer {token}"})
                self.calls += 1
                if answer.status_code != httpx.codes.OK:
                    self.failures.append(answer.text)

    def _token(self) -> str:
        answer = self._http.post("/api/auth/token", json={"device_token": self._device_token})
        token: str = answer.json()["access_token"]
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self.kids[-1:]:
            self.kids.append(kid)
        return token


def rotate(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "server", "rotate-keys"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_call_fails_while_the_key_is_rotated(rotating: tuple[Rest, dict[str, str]]) -> None:
    rest, environment = rotating
    service = {"name": "Laboratory", "all_clinics": True}
    made = rest("admin", "POST", "/api/auth/service-accounts", json=service).json()
    with Load(str(rest.http.base_url), made["device_token"]) as load:
        eventually(lambda: load.calls > 20)
        said = rotate(environment)
        before = load.calls
        eventually(lambda: len(load.kids) > 1 and load.calls > before + 20, seconds=60)
        # Both workers sign with the new key now, and the tokens of the old one still open doors.
        after = load.calls
        eventually(lambda: load.calls > after + 60)
    assert load.failures == []
    assert said.split()[1] == load.kids[-1]
    published = [key["kid"] for key in rest.http.get("/api/auth/jwks").json()["keys"]]
    assert published == [load.kids[-1], load.kids[0]]
