"""A worker process with a small clinic in its database, for callers who come through Envoy."""

import asyncio
import base64
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from db.postgres.cluster.engines import create_engine
from server.config import Settings
from server.local.processes.ports import free
from server.local.processes.process import Process
from server.local.servers import workers
from server.wiring import wired
from tests.edge.tokens import Tokens
from tests.fixtures.book import Book, Clock


@dataclass
class Clinic:
    """Ids of what there is, and tokens of who may call."""

    clinic: str = ""
    doctor: str = ""
    patient: str = ""
    stranger: str = ""
    day: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """A running worker, whom to ask for what, and how to start more workers."""

    clinic: Clinic
    process: Process
    port: int
    launch: Callable[[str, int], Process]
    environment: dict[str, str]


@contextmanager
def running_worker(database_url: str, valkey_urls: dict[str, str], directory: Path, **others: str) -> Iterator[Stack]:
    """A worker on a migrated, empty database, with one doctor who works all day, every day."""
    key = base64.b64encode(os.urandom(32)).decode()
    settings: dict[str, Any] = {"database_url": database_url, "key_encryption_key": key, **valkey_urls, **others}
    clinic = asyncio.run(fill(Settings(**settings)))
    (port,) = free(1)
    environment = {f"YOYAKU_{name.upper()}": value for name, value in settings.items()}

    def launch(name: str, port: int) -> Process:
        process = workers.launch(name, directory / f"{name}.log", port=port, environment=environment)
        workers.await_ready(process, port)
        return process

    process = launch("worker", port)
    try:
        yield Stack(clinic, process, port, launch, environment)
    finally:
        process.stop(seconds=20)


async def fill(settings: Settings) -> Clinic:
    now = datetime.now(UTC)
    engine = create_engine(settings.database_url.get_secret_value(), size=2, wait_seconds=5, application="tests")
    book, made = Book(engine, Clock(now)), Clinic(day=f"{now + timedelta(days=7):%Y-%m-%d}")
    async with wired(settings) as parts:
        await parts.keys.ensure()
        made.clinic = await book.clinic("Etc/UTC")
        made.doctor = await book.doctor(made.clinic, [("00:00", "23:30")])
        made.patient, made.stranger = await book.patient(), await book.patient("Ito Yui")
        accounts = {
            "patient": await book.account("patient", patient_id=made.patient),
            "stranger": await book.account("patient", patient_id=made.stranger),
            "doctor": await book.account("doctor", doctor_id=made.doctor),
            "staff": await book.account("staff", clinic_ids=[made.clinic]),
            "admin": await book.account("admin"),
            "system": await book.account("system", clinic_ids=[made.clinic]),
        }
    await engine.dispose()
    made.tokens = Tokens(settings, accounts)
    return made
