"""Starts all servers in order, restarts those that exit on their own, and stops them in reverse order."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

from server.config import LocalSettings
from server.local import LocalError, control, secret, state
from server.local.control import ControlRequest
from server.local.processes import ports
from server.local.processes.disk import lacking_space
from server.local.processes.ports import HOST
from server.local.processes.process import Process
from server.local.processes.supervised_processes import Say, SupervisedProcesses
from server.local.servers import database, edge, envoy, observe, outbox, pair, patroni, valkey, workers
from server.local.servers.fleet import Fleet
from server.local.state import StackState

WATCH_SECONDS = 0.5
BACKUP_STOP_SECONDS = 60.0
"""A backup that is being taken is finished first."""
OUTBOX = "outbox"
"""Subdirectory of the stack's directory that holds the mail it has sent."""
WITH_PASSWORD = ("patient", "second_patient", "doctor", "staff", "admin")
"""Demo accounts with passwords; devices and hospital systems have credentials instead."""


class Stack:
    """The running system, with its data in a directory. An instance can be started only once.

    `environment` holds the user's settings for the servers: if it contains a database URL, no PostgreSQL is started.
    """

    def __init__(self, home: Path, settings: LocalSettings, environment: Mapping[str, str], say: Say) -> None:
        self._home = home
        self._settings = settings
        self._environment = {**environment}
        self._say = say
        self._parts = SupervisedProcesses(self._note, say)
        names = ("valkey", "outbox", "keys", "metrics", "task metrics")
        self._ports = dict(zip(names, ports.free(len(names)), strict=True))
        self.state = StackState(
            edge=f"http://{HOST}:{settings.port}",
            edge_tls=f"https://{HOST}:{settings.tls_port}",
            admin=f"http://{HOST}:{settings.admin_port}",
            grpc=f"{HOST}:{settings.port}",
            edge_metrics=f"http://{HOST}:{self._ports['metrics']}/stats/prometheus",
            metrics=f"http://{HOST}:{self._ports['task metrics']}/metrics",
            last_control_request_id=last.request_id if (last := control.read(home)) else "",  # of an earlier run
        )
        self._fleet = Fleet(self.state, self._note, self._log, home / "envoy")

    def start(self, pid: int) -> None:
        """Start everything; `pid` is the process that supervises it. Raises LocalError; call `stop` even then."""
        wanted = ("port", "tls_port", "admin_port")
        for name in (*wanted, "prometheus_port", "alertmanager_port") if self._settings.observe else wanted:
            ports.claim(getattr(self._settings, name), f"YOYAKU_{name.upper()}")
        self.state.record("up", pid)
        state.write(self._home, self.state)
        self._keep_secrets()
        self._start_database()
        self._start_valkey()
        self._prepare_data()
        self._measure()
        self._start_workers()
        self._start_notifications()
        self._start_envoy()
        with self._step("Notification worker"):  # it has been starting beside Envoy
            workers.await_notifications(self._notifications.process, self._environment)
        if self._settings.observe:
            self._observe()
        if self._settings.backup:
            self._back_up()

    def mark_ready(self) -> None:
        """Record that the stack is serving and that the user knows."""
        self.state.ready = True
        state.write(self._home, self.state)

    def watch(self) -> NoReturn:
        """Restart servers whenever they exit, and carry out the requests of commands.

        Call it from the main thread, like `start`.
        """
        while True:
            self._parts.start_again(self._fleet.parts.values())
            self._fulfil(control.read(self._home))
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """Stop everything in reverse order of starting."""
        self._parts.stop()
        state.remove(self._home)

    def _keep_secrets(self) -> None:
        path = self._home / "secrets" / "key-encryption-key"
        secret.keep(path, 32)
        if "YOYAKU_KEY_ENCRYPTION_KEY" not in self._environment:
            self._environment.setdefault("YOYAKU_KEY_ENCRYPTION_KEY_FILE", str(path))
            self.state.key_encryption_key_file = self._environment["YOYAKU_KEY_ENCRYPTION_KEY_FILE"]

    def _start_database(self) -> None:
        if url := database.given(self._environment):
            self.state.database_url = self.state.replica_url = url
            return
        if self._settings.ha:
            servers = patroni.run(self._home, self._parts, self._log, self._step)
            self.state.database_url = self.state.replica_url = database.url_of(servers)
        else:
            servers = [*pair.run(self._home, self._parts, self._log, self._step, self._say)]
            self.state.database_url, self.state.replica_url = (
                server.url(database.NAME, database.NAME) for server in servers
            )
        self._environment["YOYAKU_DATABASE_URL"] = database.url_of(servers)

    def _start_valkey(self) -> None:
        port, password = self._ports["valkey"], secret.keep(self._home / "secrets" / "valkey-password", 24)
        with self._step(f"Valkey on port {port}"):
            part = self._parts.run(
                lambda: valkey.launch(self._home / "valkey", self._log("valkey"), port=port, password=password),
                valkey.STOP_SECONDS,
                lambda: lacking_space(self._home),
            )
            valkey.await_ready(part.process, port=port, password=password)
        self.state.valkey_url = valkey.url(port, password)
        for setting, number in (("YOYAKU_CACHE_URL", 0), ("YOYAKU_TOKEN_STORE_URL", 1)):
            self._environment.setdefault(setting, valkey.url(port, password, number))

    def _prepare_data(self) -> None:
        with self._step("Database schema"):
            workers.migrate(self._environment)
        with self._step("Demo clinics"):
            passwords = secret.keep_passwords(self._home / "secrets" / "demo-passwords.json", WITH_PASSWORD)
            demo = workers.load_demo(self._environment, passwords)
        self.state.accounts, self.state.clinics, self.state.doctors = (
            demo[name] for name in ("accounts", "clinics", "doctors")
        )

    def _measure(self) -> None:
        """Configure the workers' metrics.

        Their sockets are in a temporary directory, because the path of a socket is limited to 107 bytes.
        """
        directory = self._parts.stops.enter_context(tempfile.TemporaryDirectory(prefix="yoyaku-"))
        self._environment.setdefault("YOYAKU_METRICS_LISTEN", f"{HOST}:{self._ports['task metrics']}")
        self._environment.setdefault("YOYAKU_METRICS_DIRECTORY", directory)

    def _start_workers(self) -> None:
        count = self._settings.workers
        self._environment.setdefault("YOYAKU_PUBLIC_URL", self.state.edge)
        with self._step(f"Workers: {count}"):
            self._parts.stops.callback(self._stop_workers)
            self._fleet.start(count, self._environment)

    def _start_notifications(self) -> None:
        port = self._ports["outbox"]
        if not self._environment.keys() & {"YOYAKU_SMTP_URL", "YOYAKU_SMTP_URL_FILE"}:
            with self._step(f"Outbox for mail on port {port}"):
                directory = self._home / OUTBOX
                part = self._parts.run(
                    lambda: outbox.launch(directory, self._log("outbox"), port=port), outbox.STOP_SECONDS
                )
                outbox.await_ready(part.process, port)
            self._environment["YOYAKU_SMTP_URL"] = f"smtp://{HOST}:{port}"
        self._notifications = self._parts.run(
            lambda: workers.launch_notifications(
                self._log("notifications"), environment=self._environment, release=self._fleet.release
            ),
            workers.STOP_SECONDS,
        )

    def _back_up(self) -> None:
        with self._step("Backups"):
            self._parts.run(
                lambda: workers.launch_backups(self._log("backup"), environment=self._environment), BACKUP_STOP_SECONDS
            )

    def _stop_workers(self) -> None:
        begin = time.monotonic()
        self._fleet.stop()
        self._say("workers stopped", time.monotonic() - begin)

    def _fulfil(self, wanted: ControlRequest | None) -> None:
        if wanted is None or wanted.request_id == self.state.last_control_request_id:
            return
        try:
            if wanted.release:
                self._release(wanted)
            else:
                with self._step(f"Workers: {wanted.workers}{', restarted' if wanted.renew else ''}"):
                    self._fleet.resize(wanted.workers, renew=wanted.renew)
            self.state.last_control_failure = ""
        except LocalError as error:
            self.state.last_control_failure = str(error)
        self.state.last_control_request_id = wanted.request_id
        state.write(self._home, self.state)

    def _release(self, wanted: ControlRequest) -> None:
        with self._step(f"Workers of {wanted.release}"):
            self._fleet.shift(workers.release_in(Path(wanted.release)), wanted.seconds)
            self._notifications.replace(lambda each: workers.await_notifications(each, self._environment))

    def _start_envoy(self) -> None:
        admin = self._settings.admin_port
        with self._step(f"Envoy on port {self._settings.port}, with TLS on {self._settings.tls_port}"):
            configuration = edge.configuration(
                self._home,
                self._settings,
                collector=self._environment.get("YOYAKU_TRACES_ENDPOINT", ""),
                keys_port=self._ports["keys"],
                metrics_port=self._ports["metrics"],
                workers=self._fleet.addresses,
            )
            part = self._parts.run(lambda: envoy.launch(configuration, self._log("envoy")), envoy.STOP_SECONDS)
            self._parts.stops.callback(envoy.drain, admin)
            envoy.await_ready(part.process, self._settings.port)

    def _observe(self) -> None:
        directory = (self._home / "observe").absolute()
        prometheus, alertmanager = self._settings.prometheus_port, self._settings.alertmanager_port
        with self._step(f"Prometheus on port {prometheus}, Alertmanager on {alertmanager}"):
            observe.configure(
                directory, task=self.state.metrics, edge=self.state.edge_metrics, alertmanager_port=alertmanager
            )
            for launch, port in (
                (partial(observe.launch_alertmanager, directory, self._log("alertmanager")), alertmanager),
                (partial(observe.launch_prometheus, directory, self._log("prometheus")), prometheus),
            ):
                part = self._parts.run(partial(launch, port=port), observe.STOP_SECONDS)
                observe.await_ready(part.process, port)
        self.state.prometheus = f"http://{HOST}:{prometheus}"

    def _note(self, process: Process) -> None:
        self.state.record(process.name, process.pid)
        state.write(self._home, self.state)

    @contextmanager
    def _step(self, text: str) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self._say(text, time.monotonic() - begin)

    def _log(self, name: str) -> Path:
        directory = self._home / "logs"
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory / f"{name}.log"
