"""PostgreSQL as child processes: a primary, and a hot standby that follows it through a replication slot."""

import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from server.local import LocalError
from server.local.processes.ports import HOST
from server.local.processes.process import Process, start
from server.local.processes.user import User

SUPERUSER = "postgres"
SLOT = "standby"
STOP_SECONDS = 20.0
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "220",  # 20 for each of ten tasks, and some for people
    "wal_level": "replica",
    "hot_standby_feedback": "on",
    "max_slot_wal_keep_size": "1GB",
    "summarize_wal": "on",  # for incremental backups
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The details and context of errors contain values of rows, which are about patients.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """One server: its programs, user, data directory and port. Every connection needs the password."""

    name: str
    programs: Path
    user: User
    data: Path
    port: int
    password: str = field(repr=False)
    slot: str = SLOT
    """The name of the replication slot that the server it follows keeps for it."""

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The postgresql:// URL of a database."""
        return f"postgresql://{role}:{quote(self.password, safe='')}@{HOST}:{self.port}/{database}"

    def initialise(self, *, sync: bool = True) -> None:
        """Create an empty data directory, with checksums and the C.UTF-8 locale. Raises LocalError."""
        self._make_parent()
        secret = self.user.owns(_written(self.data.with_suffix(".password"), self.password))
        try:
            self._make(
                "initdb", "--username", SUPERUSER, "--pwfile", str(secret), "--auth=scram-sha-256", "--data-checksums",
                "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", *([] if sync else ["--no-sync"]),
            )  # fmt: skip
        finally:
            secret.unlink()

    def clone(self, primary: "PostgresServer") -> None:
        """Copy a running primary's data, and make it keep the WAL that this standby still needs. Raises LocalError."""
        self._make_parent()
        slots = primary.query("SELECT slot_name FROM pg_replication_slots").split()
        source = ["-d", primary.conninfo(), "--slot", self.slot, *([] if self.slot in slots else ["--create-slot"])]
        self._make("pg_basebackup", *source, "--wal-method=stream", "--checkpoint=fast", "--write-recovery-conf")

    def launch(
        self, log: Path, *, follow: "PostgresServer | None" = None, settings: Mapping[str, str] | None = None
    ) -> Process:
        """Start it, as a standby of `follow` if given; then call `await_ready`."""
        chosen = {**SETTINGS, "cluster_name": self.name, "port": str(self.port), **(settings or {})}
        if follow:
            chosen |= {"primary_conninfo": follow.conninfo(), "primary_slot_name": self.slot}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        return start(
            self.name,
            [self.programs / "postgres", "-D", self.data, *options],
            log,
            environment={"PGPASSWORD": self.password},
            user=self.user,
            stop_signal=signal.SIGINT,  # a fast shutdown: ends sessions, flushes data
        )

    def await_ready(self, process: Process) -> None:
        """Wait until the server, running as this process, accepts connections. Raises LocalError."""
        process.wait_until(lambda: self._takes_connections(process.pid))

    def query(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the superuser and return its rows; `:'password'` stands for the password. Raises LocalError."""
        script = f"\\getenv password PGPASSWORD\n{statement}"
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(database), script=script)

    def _make(self, program: str, *arguments: str) -> None:
        # A directory under its final name is complete: an interrupted one is discarded.
        partial = self.data.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        self._run(program, "-D", str(partial), *arguments)
        partial.rename(self.data)

    def _make_parent(self) -> None:
        if not self.data.parent.exists():
            self.data.parent.mkdir(parents=True)
            self.user.owns(self.data.parent)

    def _run(self, program: str, *arguments: str, script: str = "") -> str:
        command = [str(self.programs / program), *arguments]
        done = self.user.run(command, script, PGPASSWORD=self.password, LC_ALL="C")
        if done.returncode != 0:
            raise LocalError(f"{program} of {self.name} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def conninfo(self, database: str = "postgres") -> str:
        """The parameters that libpq needs, without the password, which is passed in PGPASSWORD."""
        return f"host={HOST} port={self.port} user={SUPERUSER} dbname={database}"

    def _takes_connections(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(pid) and [line.strip() for line in lines[7:8]] == ["ready"]


def _written(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path
