"""Master keys of medical records: changed under load, checked at start."""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest

from server.parts import Parts
from server.usecases.keyrings import KeyRingError
from server.usecases.maintenance.archiving import Archiver
from server.wiring import wired
from tests.fixtures.archives import YEARS, Files, archive, rows_of
from tests.fixtures.book import Clock
from tests.fixtures.charts import TEXT, Charts
from tests.fixtures.worker import Client, settings_for
from tests.fixtures.workers import ROOT

OLD, NEW, OTHER = (base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2, 3))
PATIENTS = 130
"""More than a batch of data keys."""


@pytest.fixture
async def starting(charts: Charts, database_url: str) -> Any:
    """Starts a worker with a list of master keys; its parts, and the treating doctor as its client."""
    async with AsyncExitStack() as stack:

        async def start(keys: str) -> tuple[Parts, Client]:
            settings = settings_for(database_url, record_master_keys=keys)
            parts = await stack.enter_async_context(wired(settings, charts.scene.book.clock))
            port = await parts.server.start("127.0.0.1:0")
            stack.push_async_callback(parts.server.stop, 0)
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
            client = Client(channel, "")
            client.metadata = charts.doctor.metadata
            return parts, client

        yield start


async def test_master_keys_change_under_load_and_no_call_fails(charts: Charts, starting: Any) -> None:
    """As while workers are restarted one by one: the first still wraps with the old key, the second with the new."""
    (_, first), (parts, second) = await starting(f"{OLD}\n{NEW}"), await starting(f"{NEW},{OLD}")
    patients = [await charts.scene.book.patient() for _ in range(PATIENTS)]
    await charts.scene.book.run(TREATED, patients)
    records = [await charts.write(first, patient_id=patient_id) for patient_id in patients]
    done, enough = asyncio.Event(), asyncio.Event()

    async def load(client: Client, offset: int) -> None:
        while not done.is_set():
            record = records[(offset := offset + 7) % PATIENTS]
            await charts.amend(record.id, f"text {offset}", client)
            await charts.read(record.id, client)
            enough.set()

    loads = [asyncio.create_task(load(client, offset)) for offset, client in enumerate((first, second, first, second))]
    rotated = []
    async with asyncio.timeout(60):
        async for count in parts.record_keys.rotate():
            rotated.append(count)
            await enough.wait()
            enough.clear()
    done.set()
    await asyncio.gather(*loads)
    assert sum(rotated) == PATIENTS
    assert len(rotated) > 1
    assert [count async for count in parts.record_keys.rotate()] == []
    _, alone = await starting(NEW)
    assert {(await charts.read(each.id, alone)).version for each in records} > {1}


async def test_two_rotations_at_once_share_the_work(charts: Charts, starting: Any) -> None:
    _, client = await starting(OLD)
    patients = [await charts.scene.book.patient() for _ in range(PATIENTS)]
    await charts.scene.book.run(TREATED, patients)
    for patient_id in patients:
        await charts.write(client, patient_id=patient_id)
    parts, _ = await starting(f"{NEW} {OLD}")

    async def rotate() -> int:
        return sum([count async for count in parts.record_keys.rotate()])

    assert sum(await asyncio.gather(rotate(), rotate(), rotate())) == PATIENTS
    assert await charts.scene.book.rows("SELECT count(DISTINCT master_key_id) FROM record_data_keys") == [(1,)]


async def test_archives_open_after_their_master_key_is_gone(charts: Charts, clock: Clock, starting: Any) -> None:
    parts, client = await starting(OLD)
    record = await charts.write(client)
    rows = await archived(parts, clock)
    parts, _ = await starting(f"{NEW} {OLD}")
    assert [count async for count in parts.record_keys.rotate()] == [1]
    await charts.sign_in()
    parts, alone = await starting(NEW)
    await archiving(parts).put_back(rows)
    assert (await charts.read(record.id, alone)).text == TEXT


async def test_archives_bring_no_keys_that_workers_cannot_unwrap(charts: Charts, clock: Clock, starting: Any) -> None:
    parts, client = await starting(OLD)
    record = await charts.write(client)
    rows = await archived(parts, clock)
    await charts.scene.book.run("DELETE FROM record_data_keys")
    await charts.sign_in()
    parts, _ = await starting(NEW)
    with pytest.raises(KeyRingError, match="lacks the master key"):
        await archiving(parts).put_back(rows)
    assert await charts.scene.book.rows("SELECT FROM records") == []
    parts, both = await starting(f"{NEW} {OLD}")
    await archiving(parts).put_back(rows)
    assert (await charts.read(record.id, both)).text == TEXT


async def test_a_new_key_cannot_come_without_the_old_one(charts: Charts, starting: Any) -> None:
    _, client = await starting(OLD)
    await charts.write(client)
    parts, _ = await starting(OTHER)
    with pytest.raises(KeyRingError, match="YOYAKU_RECORD_MASTER_KEYS lacks the master key"):
        await parts.record_keys.check()
    with pytest.raises(KeyRingError):
        await anext(parts.record_keys.rotate())
    parts, _ = await starting(f"{OTHER} {OLD}")
    await parts.record_keys.check()


def archiving(parts: Parts) -> Archiver:
    """Archives with the keys of a worker."""
    return Archiver(parts.engine, parts.clock, parts.cipher)


async def archived(parts: Parts, clock: Clock) -> Sequence[tuple[str, str]]:
    """The archive of the one record that there is, four years later."""
    clock.advance(YEARS)
    files = Files()
    assert await archive(archiving(parts), files) == (0, 1)
    return rows_of(files.archives[0])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (OTHER, "YOYAKU_RECORD_MASTER_KEYS lacks the master key"),
        (" short , ", "YOYAKU_RECORD_MASTER_KEYS must list keys of 32 bytes in base64"),
    ],
)
async def test_a_worker_does_not_start_without_its_master_keys(
    charts: Charts, starting: Any, database_url: str, keys: str, message: str
) -> None:
    _, client = await starting(OLD)
    await charts.write(client)
    environment = {
        "YOYAKU_DATABASE_URL": database_url,
        "YOYAKU_KEY_ENCRYPTION_KEY": OLD,
        "YOYAKU_RECORD_MASTER_KEYS": keys,
        "YOYAKU_LISTEN": "127.0.0.1:0",
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "server", "serve"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert keys.strip(" ,") not in done.stderr


TREATED = """
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT uuidv7(), doctor_id, practitioner_id, clinic_id, patient, date, start_at, end_at, during, seat, 'completed',
    NULL, '', 1, created_at, updated_at
FROM appointments, unnest(%s::uuid[]) patient
"""
