"""Settings of the server: environment variables `YOYAKU_*`; a secret also from the file that `YOYAKU_*_FILE` names."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.addresses import host_and_port
from server.setting_types import DatabaseUrl, DatabaseUrlOrNone, LogFormat, LogLevel, ValkeyUrl, is_address, problem

PREFIX = "YOYAKU_"
MOST_WORKERS = 32
EDGE_KEY = re.compile(r"[A-Za-z0-9+/=_-]{32,200}")
S = TypeVar("S", bound=BaseSettings)


class ConfigurationError(Exception):
    """A setting is missing, unknown or malformed; the text says which and what to do."""


class Settings(BaseSettings):
    """Everything that differs between places where the server runs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    database_url: Annotated[DatabaseUrl, Field(description="postgresql:// URL of the primary")]
    key_encryption_key: Annotated[
        SecretStr, Field(description="32 bytes, base64: encrypts the token signing keys at rest")
    ]
    edge_key: Annotated[
        SecretStr, Field(description="secret shared with Envoy, so that hospital systems call with client certificates")
    ] = SecretStr("")
    record_master_keys: Annotated[
        SecretStr, Field(description="keys that wrap those of medical records, the one to use first")
    ] = SecretStr("")
    record_audit_keys: Annotated[
        SecretStr, Field(description="keys that chain the audit trail of medical records, the one to use first")
    ] = SecretStr("")
    archive_keys: Annotated[SecretStr, Field(description="keys that authenticate archives, the one to use first")] = (
        SecretStr("")
    )
    cache_url: Annotated[ValkeyUrl, Field(description="redis:// URL of the Valkey that caches; it may lose all")] = (
        SecretStr("redis://127.0.0.1:6379/0")
    )
    token_store_url: Annotated[
        ValkeyUrl, Field(description="redis:// URL of the Valkey that keeps refresh tokens: append-only, noeviction")
    ] = SecretStr("redis://127.0.0.1:6379/1")
    cache_password: Annotated[SecretStr, Field(description="of the cache's Valkey, if its URL has none")] = SecretStr(
        ""
    )
    token_store_password: Annotated[SecretStr, Field(description="of the token store's, likewise")] = SecretStr("")
    smtp_url: Annotated[
        SecretStr,
        Field(description="relay for email: smtp://, smtp+starttls:// or smtps:// URL; empty: a line in the log"),
    ] = SecretStr("")
    smtp_authorities: Annotated[str, Field(description="PEM file to trust for the relay, else the system's")] = ""
    mail_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", description="address that email comes from")] = (
        "yoyaku@localhost"
    )
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s/?#]+)?$",
            description="where people reach the edge, for links in messages; empty: no links, and tokens in answers",
        ),
    ] = ""
    sms: Annotated[Literal["log", "sns"], Field(description="text messages: a line in the log, or Amazon SNS")] = "log"
    sns_region: Annotated[str, Field(description="AWS region of SNS")] = ""
    sns_endpoint: Annotated[str, Field(description="URL of SNS if it is not Amazon's own")] = ""
    sqs_queue_url: Annotated[
        str, Field(description="URL of an SQS FIFO queue that notices take to their delivery; empty: none")
    ] = ""
    sqs_region: Annotated[str, Field(description="AWS region of SQS")] = ""
    sqs_endpoint: Annotated[str, Field(description="URL of SQS if it is not Amazon's own")] = ""
    email_per_second: Annotated[float, Field(gt=0, description="rate of email, of all workers together")] = 100
    sms_per_second: Annotated[float, Field(gt=0, description="rate of text messages, likewise")] = 10
    worker_processes: Annotated[
        int, Field(ge=1, description="notification workers: without Valkey, each keeps so large a part of the rates")
    ] = 1
    worker_dead_after_seconds: Annotated[
        float, Field(ge=1, description="a notification worker silent for so long is dead, others take up its jobs")
    ] = 30.0
    provider_timeout_seconds: Annotated[float, Field(gt=0, description="longest call of a relay or of SNS")] = 3.0
    breaker_open_seconds: Annotated[float, Field(gt=0, description="pause of calls to a provider that fails")] = 30.0
    listen: Annotated[str, is_address(), Field(description="host:port of this worker; every worker has its own")] = (
        "127.0.0.1:50051"
    )
    keys_cache_seconds: Annotated[
        float, Field(gt=0, description="how long others keep the published signing keys: `cache_duration` of Envoy")
    ] = 60.0
    password_threads: Annotated[int, Field(ge=1, le=16, description="passwords hashed at a time, 19 MiB each")] = 2
    password_queue: Annotated[int, Field(ge=0, description="how many more may wait; then OVERLOADED")] = 32
    second_factor_roles: Annotated[
        str, Field(pattern="^((doctor|staff|admin)(,|$))*$", description="roles that need a second factor; empty: none")
    ] = ""
    pool_size: Annotated[
        int, Field(ge=1, le=100, description="connections of this process for calls, to each server")
    ] = 6
    pool_wait_seconds: Annotated[float, Field(gt=0, description="longest wait for a connection")] = 3.0
    tasks: Annotated[
        int, Field(ge=1, description="how many tasks, of two workers and a notification worker, share the database")
    ] = 10
    stalled_reader_seconds: Annotated[
        float, Field(gt=0, description="a stream ends whose reader takes nothing of a message for so long")
    ] = 10.0
    drain_seconds: Annotated[
        float, Field(ge=0, description="time for balancers to notice NOT_SERVING before calls are refused")
    ] = 2.0
    grace_seconds: Annotated[float, Field(ge=0, description="time for running calls to end after that")] = 10.0
    metrics_listen: Annotated[
        str,
        is_address(or_empty=True),
        Field(description="host:port where Prometheus finds the task; empty: nowhere"),
    ] = ""
    metrics_directory: Annotated[
        str,
        Field(
            max_length=80,
            description="directory that the processes of a task share, so that one of them answers for all",
        ),
    ] = ""
    traces_endpoint: Annotated[
        str, Field(pattern=r"^(https?://.+)?$", description="URL of an OTLP collector (gRPC); empty: no traces")
    ] = ""
    traces_format: Annotated[
        Literal["w3c", "xray"], Field(description="xray: also take AWS X-Ray's header, and make ids as it wants them")
    ] = "w3c"
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"

    @field_validator("edge_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        if key.get_secret_value() and not EDGE_KEY.fullmatch(key.get_secret_value()):
            raise ValueError("must be 32 to 200 letters and digits: make one with `openssl rand -hex 32`")
        return key

    @property
    def cache(self) -> tuple[str, str]:
        """URL and password of the cache; the password is empty if the URL has it."""
        return self.cache_url.get_secret_value(), self.cache_password.get_secret_value()

    @property
    def token_store(self) -> tuple[str, str]:
        """The same of the token store."""
        return self.token_store_url.get_secret_value(), self.token_store_password.get_secret_value()

    @property
    def port(self) -> int:
        """The port at which this worker listens."""
        return host_and_port(self.listen, lowest=0)[1]


ORIGIN = re.compile(r"https?://[^\s/?#*]+")
_DEVELOPMENT_PORTS = (3000, 4200, 5173, 8081)
"""Where the development servers of Next, Angular, Vite and Expo listen."""


class LocalSettings(BaseSettings):
    """The stack that `make up` starts; what has no port here takes a free one."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    port: Annotated[int, Field(gt=0, lt=65536, description="edge: REST, gRPC and gRPC-Web")] = 8080
    tls_port: Annotated[int, Field(gt=0, lt=65536, description="edge with TLS")] = 8443
    admin_port: Annotated[int, Field(gt=0, lt=65536, description="Envoy's admin interface")] = 9901
    observe: Annotated[bool, Field(description="Prometheus and Alertmanager beside the stack")] = False
    ha: Annotated[
        bool, Field(description="three PostgreSQL servers under Patroni instead of a primary and a standby")
    ] = False
    backup: Annotated[bool, Field(description="backups and WAL beside the stack, all the time")] = False
    prometheus_port: Annotated[int, Field(gt=0, lt=65536, description="Prometheus")] = 9090
    alertmanager_port: Annotated[int, Field(gt=0, lt=65536, description="Alertmanager")] = 9093
    traces_percent: Annotated[
        float, Field(ge=0, le=100, description="how many of a hundred calls are sampled, with YOYAKU_TRACES_ENDPOINT")
    ] = 5
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS, description="server workers")] = 2
    limits: Annotated[str, Field(description="limits of the edge that differ from the usual ones, with spaces")] = ""
    origins: Annotated[str, Field(description="origins of web pages that may call, with spaces")] = " ".join(
        f"http://{host}:{port}" for port in _DEVELOPMENT_PORTS for host in ("localhost", "127.0.0.1")
    )

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: str) -> str:
        for origin in origins.split():
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin: write it as http://localhost:3000, without a path")
        return origins


class BackupSettings(BaseSettings):
    """Where backups come from and go to."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    backup_url: Annotated[
        DatabaseUrlOrNone, Field(description="postgresql:// URL of a role that may replicate and take backups")
    ] = SecretStr("")
    backup_directory: Annotated[Path, Field(description="where Barman keeps backups and WAL: not the database's disk")]
    second_place: Annotated[
        str, Field(description="restic repository for encrypted copies: a directory, sftp:, s3:; empty: none")
    ] = ""
    second_place_password: Annotated[SecretStr, Field(description="what they are encrypted with")] = SecretStr("")


class DatabaseSettings(BaseSettings):
    """For commands that only read the database, and so need no key."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    database_url: Annotated[DatabaseUrl, Field(description="postgresql:// URL of the primary and its replicas")]
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"


def load(kind: type[S], environment: Mapping[str, str] = os.environ) -> S:
    """Read settings of one kind.

    Raises ConfigurationError for unknown YOYAKU_ names, missing or malformed values; never shows a value.
    """
    values = _with_secret_files({n: v for n, v in environment.items() if n.startswith(PREFIX)})
    known = {
        f"{PREFIX}{name}".upper() for model in (Settings, LocalSettings, BackupSettings) for name in model.model_fields
    }
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(f"unknown settings {', '.join(unknown)}: docs/configuration.md lists the known ones")
    mine = {name: values[key] for name in kind.model_fields if (key := f"{PREFIX}{name}".upper()) in values}
    try:
        return kind.model_validate(mine)
    except ValidationError as error:
        problems = "; ".join(f"{PREFIX}{problem(kind, each)}" for each in error.errors())
        raise ConfigurationError(f"{problems}. docs/configuration.md describes all settings") from None


def _with_secret_files(values: dict[str, str]) -> dict[str, str]:
    for name in [name for name in values if name.endswith("_FILE")]:
        path = Path(values.pop(name))
        try:
            values[name.removesuffix("_FILE")] = path.read_text().strip()
        except OSError as error:
            raise ConfigurationError(f"{name} names {path}, which cannot be read: {error.strerror}") from None
    return values
