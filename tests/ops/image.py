"""`make image-test`: builds the image, starts the system from it beside real servers, and books a slot.

As root on Debian, with its packages (PACKAGES below). The base image is made by debootstrap, which needs no registry of
images. What this prints goes to docs/image.md.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from server.local import secret
from server.local.processes import ports
from server.local.servers import binaries, database, postgres, valkey
from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("buildah", "podman", "runc", "debootstrap", "netavark")
BASE, IMAGE = "localhost/yoyaku-base", "localhost/yoyaku"
USER = 10001
LONGEST_BUILD_SECONDS = 1200.0
PODMAN = ("podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc")


def main() -> None:
    """Build, start, book, stop; status 1, and what went wrong, if a step fails."""
    _install()
    with _step("base image"):
        _make_base()
    with _step("image"):
        _build()
    print(_description())
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yoyaku-image-")))
        home.chmod(0o711)  # PostgreSQL's user and the image's have directories of their own in it
        with _step("PostgreSQL with a standby, Valkey"):
            urls = _servers(stack, home)
        system = System(stack, home, urls)
        with _step("migrate, demo"):
            demo = system.prepare()
        with _step("two workers, a notification worker, Envoy"):
            system.start()
        with _step("a booking over REST, and its notice"):
            _book(system, demo)
        with _step("stop"):
            system.stop()
    print("the image serves")


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{name:<45} {time.monotonic() - began:6.1f} s", flush=True)


def run(*command: str | Path, seconds: float = 120.0, text: str = "", check: bool = True) -> str:
    """What a program prints; ends everything with what it said if it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        sys.exit(f"{' '.join(map(str, command[:6]))} ... failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _install() -> None:
    if os.geteuid() != 0:
        sys.exit("make image-test makes a Debian system as its base: run it as root, or build as docs/image.md says")
    missing = [name for name in PACKAGES if not run("dpkg-query", "--list", name, check=False).count(f"\nii  {name}")]
    if missing:
        run("apt-get", "update", seconds=300)
        run("apt-get", "install", "--yes", "--no-install-recommends", *missing, seconds=600)


def _make_base() -> None:
    if run("buildah", "images", "--quiet", "--filter", f"reference={BASE}").strip():
        return
    with tempfile.TemporaryDirectory() as directory:
        parts = "python-is-python3,python3-pip,python3-venv,ca-certificates"
        run("debootstrap", "--variant=minbase", f"--include={parts}", "bookworm", directory, seconds=900)
        container = run("buildah", "from", "scratch").strip()
        run("buildah", "add", "--quiet", container, directory, "/")
        run("buildah", "commit", "--quiet", "--rm", container, BASE, seconds=300)


def _build() -> None:
    settings = Path("/etc/pip.conf")
    mirror = ["--secret", f"id=pip,src={settings}"] if settings.exists() else []
    authorities = ["--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"]
    command = [
        "buildah",
        "build",
        "--format",
        "docker",
        "--isolation",
        "chroot",
        "--layers",
        "--pull=never",
        *mirror,
        *authorities,
    ]
    run(*command, "--build-arg", f"BASE={BASE}", "--tag", IMAGE, ROOT, seconds=LONGEST_BUILD_SECONDS)


def _description() -> str:
    """What docs/image.md promises of the image, after it was checked."""
    [found] = json.loads(run(*PODMAN, "image", "inspect", IMAGE))
    assert found["User"] == f"{USER}:{USER}"
    assert found["Healthcheck"]["Test"] == ["CMD", "python", "-m", "server", "healthy"]
    base = json.loads(run(*PODMAN, "image", "inspect", BASE))[0]["Size"]
    return f"size: {found['Size'] / 1e6:.0f} MB, of which {base / 1e6:.0f} MB are the base"


def _servers(stack: ExitStack, home: Path) -> dict[str, str]:
    """Start PostgreSQL and Valkey; the settings that name them."""
    first, second, third = ports.free(3)
    primary, standby = database.servers(home / "postgres", (first, second))
    database.make_primary(primary)
    process = primary.launch(home / "primary.log")
    stack.callback(process.stop, postgres.STOP_SECONDS)
    primary.await_ready(process)
    database.prepare(primary)
    database.make_standby(standby, primary)
    following = standby.launch(home / "standby.log", follow=primary)
    stack.callback(following.stop, postgres.STOP_SECONDS)
    standby.await_ready(following)
    password = secret.keep(home / "valkey-password", 24)
    held = valkey.launch(home / "valkey", home / "valkey.log", port=third, password=password)
    stack.callback(held.stop, valkey.STOP_SECONDS)
    valkey.await_ready(held, port=third, password=password)
    return {
        "DATABASE_URL": database.url_of([primary, standby]),
        "CACHE_URL": valkey.url(third, password, 0),
        "TOKEN_STORE_URL": valkey.url(third, password, 1),
    }


@dataclass
class System:
    """The containers, all read-only, without rights, on the machine's own network."""

    stack: ExitStack
    home: Path
    urls: Mapping[str, str]

    def __post_init__(self) -> None:
        self.name = f"yoyaku-{os.getpid()}"
        self.workers = [f"127.0.0.1:{port}" for port in ports.free(2)]
        self.edge, self.edge_tls, self.admin, self.keys, self.metrics, self.task = ports.free(6)
        self._secrets = self._written_secrets()
        self._started: list[str] = []
        for volume in ("edge", "shared"):
            run(*PODMAN, "volume", "create", f"{self.name}-{volume}")
            self.stack.callback(run, *PODMAN, "volume", "rm", "--force", f"{self.name}-{volume}", check=False)

    def _written_secrets(self) -> Path:
        directory = self.home / "secrets"
        directory.mkdir(mode=0o755)
        passwords = secret.keep_passwords(directory / "passwords.json", ["patient"])
        secret.keep(directory / "key_encryption_key", 32)
        for name, url in self.urls.items():
            (directory / name.lower()).write_text(url)
        for path in directory.iterdir():
            path.chmod(0o444)
        assert passwords.parent == directory
        return directory

    def _arguments(self, *, listen: str = "127.0.0.1:1") -> list[str]:
        files = {name: f"/run/secrets/{name.lower()}" for name in (*self.urls, "KEY_ENCRYPTION_KEY")}
        values = {f"{name}_FILE": path for name, path in files.items()}
        values |= {"LISTEN": listen, "METRICS_LISTEN": f"127.0.0.1:{self.task}", "METRICS_DIRECTORY": "/run/yoyaku"}
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return [
            *("--network=host", "--pull=never", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
            *(f"--ulimit=nofile={most}:{most}", "--ulimit=nproc=4096:4096"),
            *(f"--volume={self._secrets}:/run/secrets:ro", f"--volume={self.name}-edge:/run/edge"),
            f"--volume={self.name}-shared:/run/yoyaku",
            *(f"--env=YOYAKU_{name}={value}" for name, value in values.items()),
        ]

    def once(self, *command: str) -> str:
        """Run a command of the image to its end; what it prints."""
        return run(*PODMAN, "run", "--rm", *self._arguments(), IMAGE, *command)

    def _start(self, name: str, *command: str, listen: str = "127.0.0.1:1", options: tuple[str, ...] = ()) -> None:
        container = f"{self.name}-{name}"
        arguments = [*self._arguments(listen=listen), *options]
        run(*PODMAN, "run", "--detach", "--name", container, *arguments, IMAGE, *command)
        self.stack.callback(run, *PODMAN, "rm", "--force", container, check=False)
        self._started.append(container)

    def prepare(self) -> dict[str, Any]:
        """Migrate, and make the demo clinics; what `demo` says of them."""
        self.once("migrate")
        made: dict[str, Any] = json.loads(self.once("demo", "--passwords", "/run/secrets/passwords.json"))
        return made

    def start(self) -> None:
        """Start workers, the notification worker and Envoy, and wait until calls are served."""
        for number, listen in enumerate(self.workers, 1):
            self._start(f"worker-{number}", "serve", listen=listen)
        self._start("notifications", "worker")
        numbers = {"port": self.edge, "tls-port": self.edge_tls, "admin-port": self.admin, "keys-port": self.keys}
        options = [f"--{name}={port}" for name, port in numbers.items()]
        options += [
            "--directory=/run/edge/envoy",
            "--certificates=/run/edge/tls",
            f"--metrics=127.0.0.1:{self.metrics}",
        ]
        self.once("certificate", "/run/edge/tls", "localhost")
        self.once("envoy-config", *options, *(f"--worker={worker}" for worker in self.workers))
        envoy = (f"--volume={binaries.envoy()}:/usr/local/bin/envoy:ro", "--entrypoint=/usr/local/bin/envoy")
        self._start("envoy", "-c", "/run/edge/envoy/envoy.yaml", "--disable-hot-restart", options=envoy)
        for number in (1, 2):
            container = f"{self.name}-worker-{number}"
            eventually(lambda name=container: self.is_healthy(name), otherwise=lambda: self.log("worker-1"))  # type: ignore[misc]
        eventually(self._is_ready, otherwise=lambda: self.log("envoy"))

    def is_healthy(self, container: str) -> bool:
        """Whether the image's health check succeeds in a container."""
        check = [*PODMAN, "healthcheck", "run", container]
        return subprocess.run(check, capture_output=True, check=False, timeout=60).returncode == 0

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.edge}/readyz").is_success
        except httpx.TransportError:
            return False

    def log(self, name: str) -> str:
        """What a container has printed."""
        done = subprocess.run(
            [*PODMAN, "logs", f"{self.name}-{name}"], capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    def stop(self) -> None:
        """Stop all with SIGTERM; workers end well within their time."""
        for container in reversed(self._started):
            run(*PODMAN, "stop", "--time", "20", container)
            ended = run(*PODMAN, "inspect", "--format", "{{.State.ExitCode}}", container).strip()
            assert ended == "0", f"{container} ended with status {ended}:\n{self.log(container.rpartition('-')[2])}"


def _book(system: System, demo: Mapping[str, Any]) -> None:
    patient, doctor = demo["accounts"]["patient"], demo["doctors"][0]
    day = (datetime.now(UTC) + timedelta(days=8)).date().isoformat()
    with httpx.Client(base_url=f"http://127.0.0.1:{system.edge}", timeout=20) as client:
        signed_in = client.post("/api/auth/login", json={"email": patient["email"], "password": patient["password"]})
        assert signed_in.is_success, signed_in.text
        client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
        slot = {"patient_id": patient["patient_id"], "doctor_id": doctor, "date": day, "time_slot": "09:00"}
        booked = client.post("/api/appointments", json=slot)
        assert booked.status_code == 201, booked.text
        again = client.post("/api/appointments", json=slot)
        assert again.status_code == 409, again.text
        slots = client.get("/api/schedules/available-slots", params={"doctor_id": doctor, "date": day}).json()
        assert "09:00" not in [each["time_slot"] for each in slots["slots"]]
    eventually(
        lambda: "notice only logged" in system.log("notifications"), otherwise=lambda: system.log("notifications")
    )


if __name__ == "__main__":
    main()
