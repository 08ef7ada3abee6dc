"""The programs that are measured, each on the same database."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import grpc

from db.postgres import schema
from server.config import Settings
from server.edge.limits import Bucket, Limits
from server.edge.render import EdgeValues, render
from server.local.processes import ports
from server.local.processes.ports import HOST
from server.local.processes.process import Process
from server.local.servers import envoy, workers
from server.wiring import wired
from tests.bench import clinic, cpu, parts
from tests.bench.calls import CREATE, LIST, SLOTS
from tests.bench.clinic import Clinic
from tests.bench.load import Sender
from tests.bench.parts import Target

BENCH_PYTHON = workers.ROOT / ".venv-bench/bin/python"
_DATABASE = "bench"
_SAMPLE_SECONDS = 10
NO_LIMITS = Limits(*[Bucket(1_000_000, 1_000_000)] * len(fields(Limits)))


@dataclass(frozen=True)
class Targets:
    """All of them, and what they work on."""

    clinic: Clinic
    settings: Settings
    limit: Target
    ours: Target
    edge: Target
    alternative: Target
    answers: dict[str, int]
    """The size of an answer over gRPC, by call."""
    database: Process

    def token(self) -> str:
        """A new access token of the clinic's staff, good for 15 minutes."""
        return asyncio.run(token_of(self.settings, self.clinic.staff_id))

    def database_seconds(self) -> float:
        """CPU time that the database has used."""
        return cpu.seconds(cpu.family(self.database.pid))


@contextmanager
def running(scratch: Path) -> Iterator[Targets]:
    """Everything, started one after another; logs are in `scratch`. Raises LocalError."""
    with ExitStack() as stack:
        server, database = parts.postgres(stack, scratch)
        server.query(f"CREATE DATABASE {_DATABASE}")
        url = server.url(_DATABASE)
        settings = parts.settings(stack, scratch, url)
        made = asyncio.run(fill(settings))
        ours = parts.worker(stack, settings, scratch)
        answers = asyncio.run(answers_of(ours.port, made, asyncio.run(token_of(settings, made.staff_id))))
        yield Targets(
            clinic=made,
            settings=settings,
            limit=limit(stack, url, answers, scratch),
            ours=ours,
            edge=_edge(stack, ours, scratch),
            alternative=_alternative(stack, url, scratch),
            answers={name: len(answer) for name, answer in answers.items()},
            database=database,
        )


def limit(stack: ExitStack, url: str, answers: dict[str, bytes], scratch: Path) -> Target:
    """Bare handlers that answer with the same bytes. Raises LocalError."""
    for name, answer in answers.items():
        (scratch / name).write_bytes(answer)
    (port,) = ports.free(1)
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.limit", str(port), url, scratch]
    return parts.started(stack, command, port, scratch / "limit.log")


def _alternative(stack: ExitStack, url: str, scratch: Path) -> Target:
    (port,) = ports.free(1)
    application = "tests.bench.alternative.app:app"
    command: list[str | Path] = [BENCH_PYTHON, "-m", "uvicorn", application, "--port", str(port)]
    return parts.started(stack, command, port, scratch / "alternative.log", DATABASE_URL=url)


def _edge(stack: ExitStack, worker: Target, scratch: Path) -> Target:
    port, admin_port, keys_port, metrics_port = ports.free(4)
    values = EdgeValues(
        listen=(HOST, port),
        admin_port=admin_port,
        keys_port=keys_port,
        metrics=(HOST, metrics_port),
        workers=[(HOST, worker.port)],
        limits=NO_LIMITS,
    )
    process = parts.kept(stack, envoy.launch(render(values, scratch / "edge"), scratch / "envoy.log"))
    envoy.await_ready(process, port)
    return Target("edge", port, [*worker.pids, process.pid])


async def fill(settings: Settings) -> Clinic:
    """Make the schema, the keys and the clinic in an empty database."""
    await schema.upgrade(settings.database_url.get_secret_value())
    async with wired(settings) as wiring:
        await wiring.keys.ensure()
    return await clinic.make(settings.database_url.get_secret_value())


async def token_of(settings: Settings, account_id: str) -> str:
    """An access token of an account."""
    async with wired(settings) as wiring:
        token = await wiring.tokens.issue(account_id)
    if token is None:
        raise AssertionError("the account was made with the clinic")
    return token


async def answers_of(port: int, made: Clinic, token: str) -> dict[str, bytes]:
    """What our server answers to each call: the ready bytes of the limit."""
    requests = {
        SLOTS: made.slots_message(),
        LIST: made.list_message(),
        CREATE: next(made.bookings).message(),
    }
    metadata = (("authorization", f"Bearer {token}"),)
    async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
        answers = {}
        for call, message in requests.items():
            send: Sender = channel.unary_unary(call.path)
            answers[call.name] = await send(message, metadata=metadata, timeout=_SAMPLE_SECONDS)
        return answers
