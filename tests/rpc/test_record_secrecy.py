"""What becomes of the text of medical records: sealed at rest, and never out before the trail says so."""

import asyncio
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import grpc
import psycopg
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.charts import TEXT, Charts
from tests.fixtures.waiting import until
from yoyaku.v1 import record_service_pb2 as pb

FILES = b"""
SELECT c.relname, pg_read_binary_file(pg_relation_filepath(c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'i', 't') AND n.nspname IN ('public', 'pg_toast')
"""

Raw = psycopg.Connection[Any]


@pytest.fixture
def raw(database_url: str) -> Iterator[Raw]:
    """The database as its superuser has it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def holding(raw: Raw, text: str) -> set[str]:
    """The tables and indexes whose files hold a text."""
    raw.execute(b"CHECKPOINT")
    return {name for name, content in raw.execute(FILES) if text.encode() in content}


async def test_no_table_or_index_holds_the_text(charts: Charts, raw: Raw) -> None:
    secret, reason = f"secret-{uuid.uuid4()}", f"reason-{uuid.uuid4()}"
    written = await charts.write(text=f"{secret} one", request_id=str(uuid.uuid4()))
    await charts.amend(written.id, f"{secret} two", request_id=str(uuid.uuid4()))
    await charts.list()
    await charts.break_glass(reason=reason)
    assert holding(raw, secret) == set()
    assert "record_audit" in holding(raw, reason)


async def test_what_is_kept_of_a_request_does_not_confirm_a_guess_of_its_text(charts: Charts, raw: Raw) -> None:
    request = pb.CreateRecordRequest(patient_id=charts.scene.patient_id, text=TEXT)
    await charts.write(request_id=str(uuid.uuid4()))
    guess = b"/yoyaku.v1.RecordService/CreateRecord\0" + request.SerializeToString(deterministic=True)
    [digest] = [row[0] for row in raw.execute(b"SELECT digest FROM idempotency_keys")]
    assert digest != hashlib.sha256(guess).digest()


async def test_text_that_was_moved_to_another_record_or_version_does_not_open(charts: Charts, raw: Raw) -> None:
    first, second = await charts.write(), await charts.write(text="other")
    await charts.amend(first.id, "newer")
    assert [(await charts.read(each.id)).text for each in (first, second)] == ["newer", "other"]
    raw.execute(b"ALTER TABLE record_versions DISABLE TRIGGER USER")
    raw.execute(
        b"UPDATE record_versions SET sealed = first.sealed FROM record_versions first"
        b" WHERE first.record_id = %s AND first.version = 1",
        [first.id],
    )
    for record in (first, second):
        assert (await refusal(charts.read(record.id))).reason == "INTERNAL_ERROR"


async def test_versions_and_the_trail_are_append_only(charts: Charts, raw: Raw) -> None:
    await charts.write()
    for table in ("record_versions", "record_audit"):
        for statement in ("UPDATE {} SET version = 7", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(psycopg.errors.RestrictViolation, match=f"{table} is append-only"):
                raw.execute(statement.format(table).encode())
    raw.execute(b"SET yoyaku.retention = 'on'")
    with pytest.raises(psycopg.errors.RestrictViolation):
        raw.execute(b"DELETE FROM record_audit")
    assert raw.execute(b"DELETE FROM record_versions").rowcount == 1


async def test_when_the_entry_is_not_committed_no_text_leaves(charts: Charts, raw: Raw) -> None:
    """Everything goes well until COMMIT."""
    written = await charts.write()
    raw.execute(REFUSING)
    for call in (charts.read(written.id), charts.list(), charts.versions(written.id), charts.write()):
        assert (await refusal(call)).reason == "INTERNAL_ERROR"
    assert raw.execute(b"SELECT count(*) FROM record_audit").fetchone() == (1,)
    raw.execute(b"DROP TRIGGER at_commit ON record_audit")
    assert (await charts.read(written.id)).text == TEXT


async def test_while_the_primary_only_reads_no_text_leaves(charts: Charts, raw: Raw) -> None:
    """As a primary that was demoted: it would answer, but the trail cannot be written."""
    written = await charts.write()
    name = raw.info.dbname
    raw.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    hang_up(raw)
    for call in (charts.read(written.id), charts.list(), charts.versions(written.id), charts.break_glass()):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    raw.execute(b"SET default_transaction_read_only = off")
    raw.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    hang_up(raw)
    assert (await charts.read(written.id)).text == TEXT


async def test_without_a_primary_no_text_leaves(charts: Charts, raw: Raw) -> None:
    written = await charts.write()
    name = raw.info.dbname
    with psycopg.connect(raw.info.dsn, dbname="postgres", password=raw.info.password, autocommit=True) as elsewhere:
        elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        hang_up(raw)
        assert (await refusal(charts.read(written.id))).reason == "DATABASE_UNAVAILABLE"
        elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert (await charts.read(written.id)).text == TEXT


async def test_who_hangs_up_is_in_the_trail_all_the_same(charts: Charts, raw: Raw) -> None:
    """From the one who hangs up at once to the one who waits for the answer."""
    records, loop = [await charts.write() for _ in range(20)], asyncio.get_running_loop()
    began = loop.time()
    await charts.read(records.pop().id)
    patience, heard = loop.time() - began, set[str]()
    for number, record in enumerate(records):
        request = pb.GetRecordRequest(record_id=record.id)
        call = charts.doctor.records.GetRecord(request, metadata=charts.doctor.metadata)
        task = asyncio.ensure_future(call)
        await (task if record is records[-1] else asyncio.sleep(patience * number / len(records)))
        call.cancel()
        with suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
            await task
            heard.add(record.id)
    rows = raw.execute(b"SELECT unnest(record_ids)::text FROM record_audit WHERE access = 'read'").fetchall()
    assert heard <= {record_id for (record_id,) in rows}
    assert records[-1].id in heard
    assert records[0].id not in heard


async def test_a_text_waits_for_its_entry(charts: Charts, raw: Raw) -> None:
    written = await charts.write()
    with raw.transaction():
        raw.execute(b"LOCK TABLE record_audit IN EXCLUSIVE MODE")
        reading = asyncio.create_task(charts.read(written.id))
        await until(charts.scene.book.waits_for_a_lock)
        assert not reading.done()
    assert (await reading).text == TEXT


async def test_a_read_that_was_committed_stays_when_its_answer_finds_nobody(charts: Charts, raw: Raw) -> None:
    written = await charts.write()
    call = charts.doctor.records.GetRecord(pb.GetRecordRequest(record_id=written.id), metadata=charts.doctor.metadata)
    task = asyncio.ensure_future(call)

    async def is_committed() -> bool:
        return bool(raw.execute(b"SELECT FROM record_audit WHERE access = 'read'").fetchall())

    await until(is_committed)
    call.cancel()
    await asyncio.gather(task, return_exceptions=True)
    [entry, _] = (await charts.log()).accesses
    assert list(entry.record_ids) == [written.id]


def hang_up(raw: Raw) -> None:
    raw.execute(
        b"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


REFUSING = b"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON record_audit DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse();
"""
