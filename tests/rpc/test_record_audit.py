"""The audit trail shows what was done to it: changed rows, missing rows, a cut end."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from server.commands import app  # the commands register themselves
from server.commands.records import audit_checkpoint, verify_audit  # noqa: F401  # the commands register themselves
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import (
    Checkpoint,
    CheckpointError,
    CheckpointFile,
    Witnesses,
    decode,
    encode,
)
from server.usecases.records.verification import AuditVerifier
from tests.fixtures.charts import Charts

TAMPERINGS = {
    "actor": "actor = 'somebody else'",
    "time": "happened_at = happened_at + interval '1 microsecond'",
    "doctor": "doctor_id = NULL",
    "kind": "access = 'listed'",
    "basis": "basis = 'own'",
    "records": "record_ids = '{}'",
    "version": "version = 2",
    "note": "note = 'for the good of all'",
    "mac": "mac = sha256(mac)",
}


@pytest.fixture
async def raw(charts: Charts, database_url: str) -> Any:
    """The database as an intruder has it who owns it, with four rows in the patient's chain."""
    written = await charts.write()
    for _ in range(2):
        await charts.read(written.id)
    await charts.list(charts.scene.patient)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(b"ALTER TABLE record_audit DISABLE TRIGGER USER")
        yield connection


async def flaws(charts: Charts, *files: CheckpointFile) -> list[str]:
    checking = AuditVerifier(charts.scene.worker.parts.engine, charts.scene.worker.parts.audit_keys)
    return [str(flaw) async for _, flaw in checking.chains(Witnesses(files)) if flaw]


async def checkpoint(charts: Charts, name: str = "a checkpoint", *earlier: CheckpointFile) -> CheckpointFile:
    """A checkpoint of the trail as it stands, whole or not, a second later."""
    keys, previous = charts.scene.worker.parts.audit_keys, Witnesses(earlier).last_digest
    charts.scene.book.clock.advance(timedelta(seconds=1))
    checking = AuditVerifier(charts.scene.worker.parts.engine, keys)
    heads = {chain.patient_id: (chain.seq, chain.mac or b"") async for chain, _ in checking.chains(Witnesses())}
    return decode(name, encode(Checkpoint(charts.scene.book.clock.now, heads, previous), keys), keys)


async def test_a_row_that_was_changed_in_any_column_is_named(charts: Charts, raw: psycopg.Connection[Any]) -> None:
    assert await flaws(charts) == []
    raw.execute(b"CREATE TEMPORARY TABLE whole AS TABLE record_audit")
    for column, change in TAMPERINGS.items():
        raw.execute(f"UPDATE record_audit SET {change} WHERE seq = 2".encode())  # noqa: S608
        assert await flaws(charts) == [f"patient {charts.scene.patient_id}, row 2 was changed"], column
        raw.execute(b"DELETE FROM record_audit")
        raw.execute(b"INSERT INTO record_audit SELECT * FROM whole")
    assert await flaws(charts) == []


async def test_a_row_that_was_taken_out_is_named(charts: Charts, raw: psycopg.Connection[Any]) -> None:
    for seq in (4, 2, 1):
        raw.execute(b"DELETE FROM record_audit WHERE seq = %s", [seq])
        assert await flaws(charts) == [f"patient {charts.scene.patient_id}, row {seq} is missing"]


async def test_closing_the_gap_does_not_hide_it(charts: Charts, raw: psycopg.Connection[Any]) -> None:
    raw.execute(b"DELETE FROM record_audit WHERE seq = 2")
    raw.execute(b"UPDATE record_audit SET seq = seq - 1 WHERE seq = 3")
    raw.execute(b"UPDATE record_audit SET seq = seq - 1 WHERE seq = 4")
    raw.execute(b"UPDATE record_audit_chains SET seq = 3")
    assert await flaws(charts) == [f"patient {charts.scene.patient_id}, row 2 was changed"]


async def test_a_cut_end_shows_by_the_checkpoint(charts: Charts, raw: psycopg.Connection[Any]) -> None:
    before = await checkpoint(charts)
    raw.execute(b"DELETE FROM record_audit WHERE seq > 2")
    raw.execute(b"UPDATE record_audit_chains SET seq = 2")
    assert await flaws(charts) == []
    assert await flaws(charts, before) == [f"patient {charts.scene.patient_id}, row 3 is missing"]
    for _ in range(3):
        await charts.list()
    assert await flaws(charts, before) == [
        f"patient {charts.scene.patient_id}, row 4 differs from what a checkpoint says"
    ]


async def test_a_chain_that_was_taken_out_whole_shows_by_the_checkpoint(
    charts: Charts, raw: psycopg.Connection[Any]
) -> None:
    before = await checkpoint(charts)
    raw.execute(b"DELETE FROM record_audit")
    raw.execute(b"DELETE FROM record_audit_chains")
    assert await flaws(charts) == []
    assert await flaws(charts, before) == [f"patient {charts.scene.patient_id}, row 1 is missing"]


async def test_a_trail_that_was_cut_and_written_anew_contradicts_the_checkpoint_before(
    charts: Charts, raw: psycopg.Connection[Any]
) -> None:
    patient_id = charts.scene.patient_id
    before = await checkpoint(charts, "before")
    raw.execute(b"DELETE FROM record_audit WHERE seq > 2")
    raw.execute(b"UPDATE record_audit_chains SET seq = 2")
    for _ in range(2):
        await charts.list()
    after = await checkpoint(charts, "after", before)
    for files in ((before, after), (after, before)):
        assert await flaws(charts, *files) == [f"patient {patient_id}, row 4 differs from what before says"]
        assert Witnesses(files).contradictions == [
            f"patient {patient_id}: before ends at row 4, but after has another row 4"
        ]


KEYS = KeyRing([bytes(32)])
FIRST = {"a": (3, b"a3"), "b": (1, b"b1")}


def file(name: str, day: int, heads: dict[str, tuple[int, bytes]], previous: str = "") -> CheckpointFile:
    made_at = datetime(2026, 3, day, tzinfo=UTC)
    return decode(name, encode(Checkpoint(made_at, heads, previous), KEYS), KEYS)


def test_contradictions_between_checkpoints_are_named_with_both_files() -> None:
    first = file("first", 1, FIRST)
    for heads, said in (
        ({"a": (3, b"xx"), "b": (1, b"b1")}, "patient a: first ends at row 3, but second has another row 3"),
        ({"a": (2, b"a2"), "b": (1, b"b1")}, "patient a: first ends at row 3, but second, made later, ends at row 2"),
        ({"a": (3, b"a3")}, "patient b: first ends at row 1, but second lacks it"),
    ):
        assert Witnesses([file("second", 2, heads, first.digest), first]).contradictions == [said]
    grown = file("second", 2, {"a": (5, b"a5"), "b": (1, b"b1"), "c": (1, b"c1")}, first.digest)
    assert Witnesses([first, grown]).contradictions == []


def test_a_checkpoint_that_is_missing_or_was_made_apart_is_named() -> None:
    first = file("first", 1, FIRST)
    second = file("second", 2, FIRST, first.digest)
    third = file("third", 3, FIRST, second.digest)
    apart = file("apart", 4, FIRST, second.digest)
    assert Witnesses([first, second, third]).contradictions == []
    assert Witnesses([second, third]).contradictions == []
    for files, said in (
        ([first, third], "third does not follow first"),
        ([first, second, third, apart], "apart does not follow third"),
        ([first, file("another first", 2, FIRST)], "another first does not follow first"),
    ):
        [found] = Witnesses(files).contradictions
        assert found.startswith(said)


async def test_a_checkpoint_that_was_changed_is_refused(charts: Charts, raw: psycopg.Connection[Any]) -> None:
    keys = charts.scene.worker.parts.audit_keys
    before = await checkpoint(charts)
    content = encode(before.checkpoint, keys)
    assert decode(before.name, content, keys) == before
    lines = content.splitlines(keepends=True)
    for changed in (
        b"".join([lines[0], *lines[2:]]),
        content.replace(b",4,", b",3,"),
        content[:-30],
        b"{}",
        b"[" * 9999,
        b"",
    ):
        with pytest.raises(CheckpointError):
            decode("a checkpoint", changed, keys)


async def test_readers_writers_and_bookings_of_one_patient_at_once_leave_no_gap(charts: Charts) -> None:
    written = await charts.write()
    booked = [charts.scene.book_slot(f"{hour}:{minute}") for hour in ("10", "11") for minute in ("00", "30")]
    calls = [call for _ in range(8) for call in (charts.read(written.id), charts.write(), charts.break_glass())]
    await asyncio.gather(*calls, *booked)
    [[length, rows]] = await charts.scene.book.rows("SELECT max(seq), count(*) FROM record_audit")
    assert (length, rows) == (25, 25)
    assert await flaws(charts) == []


def run(database_url: str, *arguments: str) -> Result:
    key = base64.b64encode(bytes(32)).decode()
    environment = {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}
    return CliRunner().invoke(app, arguments, env=environment)


def test_the_commands_say_what_is_whole_and_what_is_not(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    assert run(database_url, "verify-audit").stdout == "0 chains are whole\n"
    assert "--first if there are none" in run(database_url, "audit-checkpoint", str(file)).output
    assert run(database_url, "audit-checkpoint", str(file), "--first").exit_code == 0
    assert run(database_url, "audit-checkpoint", str(file), "--first").exit_code == 1
    second, third = tmp_path / "second", tmp_path / "third"
    assert run(database_url, "audit-checkpoint", str(second), str(file)).exit_code == 0
    assert run(database_url, "verify-audit", str(second), str(file)).exit_code == 0
    assert run(database_url, "audit-checkpoint", str(third), str(second)).exit_code == 0
    gap = run(database_url, "verify-audit", str(file), str(third))
    assert (gap.exit_code, f"{third} does not follow {file}" in gap.stdout) == (verify_audit.FLAWED, True)
    refused = run(database_url, "audit-checkpoint", str(tmp_path / "fourth"), str(file), str(third))
    assert (refused.exit_code, "no checkpoint was written" in refused.stdout) == (verify_audit.FLAWED, True)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(CHANGED_CHAIN.encode())
    done = run(database_url, "verify-audit", str(file))
    assert done.exit_code == verify_audit.FLAWED
    assert done.stdout.splitlines() == [
        f"patient {PATIENT}, row 1 was chained with the key of-nobody, which YOYAKU_RECORD_AUDIT_KEYS lacks",
        "0 chains are whole, 1 are damaged",
    ]
    refused = run(database_url, "audit-checkpoint", str(tmp_path / "fourth"), str(third))
    assert refused.exit_code == verify_audit.FLAWED
    assert not (tmp_path / "fourth").exists()
    file.write_text("{}")
    assert run(database_url, "verify-audit", str(file)).exit_code == 1


PATIENT = "019ab0c2-7d10-7c3e-9a4f-0242ac120004"
CHANGED_CHAIN = """
INSERT INTO patients (id, name, phone, email, version, created_at, updated_at)
VALUES ('019ab0c2-7d10-7c3e-9a4f-0242ac120004', 'Sato Ken', '', '', 1, now(), now());
INSERT INTO record_audit_chains VALUES ('019ab0c2-7d10-7c3e-9a4f-0242ac120004', 1);
INSERT INTO record_audit (patient_id, seq, happened_at, actor, access, basis, record_ids, note, key_id, mac)
VALUES ('019ab0c2-7d10-7c3e-9a4f-0242ac120004', 1, now(), '', 'read', 'own', '{}', '', 'of-nobody', '')
"""
