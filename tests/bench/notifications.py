"""How many notices a second workers get out of the queue, at rates that do not hold them back."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from db.postgres import schema
from db.postgres.booking import feed
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection, Engine, create_engine
from db.postgres.cluster.transaction import transact
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.servers import outbox, workers
from tests.bench import clinic, parts
from tests.bench.load import LoadError

_NOTICES = 2_000
_SECONDS = 300
_UNBOUND = {"YOYAKU_EMAIL_PER_SECOND": "100000", "YOYAKU_LOG_LEVEL": "error"}


def measure(scratch: Path, tell: Callable[[str], None]) -> Table:
    """Queue the notices of some thousand bookings, for one worker and for two. Raises LocalError and LoadError."""
    table = Table(title=f"Notices a second, {_NOTICES:,} in the queue, each planned and sent", title_justify="left")
    for name in ("workers", "mail goes", "notices/s"):
        table.add_column(name, justify="right" if name == "notices/s" else "left")
    for count in (1, 2):
        for smtp in (False, True):
            tell(f"{count} worker(s), {'over SMTP' if smtp else 'to the log'}")
            rate = _run(scratch / f"{count}-{smtp}", count, smtp=smtp)
            table.add_row(str(count), "over SMTP" if smtp else "to the log", f"{rate:,.0f}")
    return table


def _run(scratch: Path, count: int, *, smtp: bool) -> float:
    scratch.mkdir()
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch)
        server.query("CREATE DATABASE bench")
        settings = parts.settings(stack, scratch, server.url("bench"))
        asyncio.run(_fill(server.url("bench")))
        environment = _UNBOUND | {
            "YOYAKU_DATABASE_URL": server.url("bench"),
            "YOYAKU_KEY_ENCRYPTION_KEY": settings.key_encryption_key.get_secret_value(),
            "YOYAKU_CACHE_URL": settings.cache_url.get_secret_value(),
        }
        if smtp:
            [port] = ports.free(1)
            relay = parts.kept(stack, outbox.launch(scratch / "outbox", scratch / "relay.log", port=port))
            outbox.await_ready(relay, port)
            environment["YOYAKU_SMTP_URL"] = f"smtp://{HOST}:{port}"
        for number in range(count):
            log = scratch / f"worker-{number}.log"
            parts.kept(stack, workers.launch_notifications(log, environment=environment))
        return asyncio.run(_rate(server.url("bench")))


async def _fill(url: str) -> None:
    await schema.upgrade(url)
    await clinic.make(url)
    engine = create_engine(url, size=1, wait_seconds=5, application="bench")
    await transact(engine, _queue)
    await engine.dispose()


async def _queue(pg: Connection) -> None:
    await pg.execute("UPDATE patients SET email = 'patient@example.org'")
    rows = await (await pg.execute("SELECT id FROM appointments WHERE status = 'scheduled'")).fetchall()
    booked = [AppointmentChange(row[0], "booked", "bench") for row in rows[:_NOTICES]]
    await feed.add(pg, booked, ["confirmation"] * len(booked), datetime.now(UTC), None)


async def _rate(url: str) -> float:
    """Notices a second, from the first that is sent to the last."""
    engine = create_engine(url, size=1, wait_seconds=5, application="bench")
    try:
        first, began = await _sent_at_least(1, engine)
        last, ended = await _sent_at_least(_NOTICES, engine)
        return (last - first) / (ended - began)
    finally:
        await engine.dispose()


async def _sent_at_least(number: int, engine: Engine) -> tuple[int, float]:
    """Wait for so many; how many there are, and when that was."""
    ends_at = time.monotonic() + _SECONDS
    while (now := time.monotonic()) < ends_at:
        if (sent := await _sent(engine)) >= number:
            return sent, now
        await asyncio.sleep(0.05)
    raise LoadError(f"fewer than {number} notices were sent in {_SECONDS} s")


async def _sent(engine: Engine) -> int:
    async def count(pg: Connection) -> int:
        row = await (await pg.execute("SELECT count(*) FROM notifications WHERE status = 'sent'")).fetchone()
        return int(row[0]) if row else 0

    return await transact(engine, count)
