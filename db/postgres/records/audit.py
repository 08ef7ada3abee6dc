"""The audit trail of medical records: one chain of rows for each patient, append-only by triggers."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class AuditRow(NamedTuple):
    """Who accessed which records, when and why; `mac` covers all other fields and the mac of the row before."""

    patient_id: str
    seq: int
    """Numbers each patient's rows from 1, without gaps."""
    happened_at: datetime
    actor: str
    """The account's id."""
    doctor_id: str | None
    """The doctor as whom the account acted."""
    access: str
    basis: str
    record_ids: Sequence[str]
    version: int | None
    note: str
    key_id: str
    """Which key made the mac."""
    mac: bytes


class AccessRow(NamedTuple):
    """A row of the trail as people read it."""

    seq: int
    happened_at: datetime
    actor: str
    access: str
    basis: str
    record_ids: Sequence[str]
    version: int | None
    note: str
    doctor_id: str | None
    doctor_name: str | None
    specialty: str | None


class ChainRow(NamedTuple):
    """How long a patient's chain is, and the mac of its last row: None if that row is missing."""

    patient_id: str
    seq: int
    mac: bytes | None


# Locking the chain's row keeps two writers from taking the same number. It is the last lock of a transaction.
_NEXT = """
INSERT INTO record_audit_chains AS chain (patient_id, seq) VALUES (%(patient_id)s, 1)
ON CONFLICT (patient_id) DO UPDATE SET seq = chain.seq + 1
RETURNING seq
"""
_LAST_MAC = "SELECT mac FROM record_audit WHERE patient_id = %(patient_id)s ORDER BY seq DESC LIMIT 1"
_ADD = f"""
INSERT INTO record_audit ({", ".join(AuditRow._fields)})
VALUES ({", ".join(f"%({name})s" for name in AuditRow._fields)})
"""
_ROWS = f"""
SELECT {", ".join(AuditRow._fields)} FROM record_audit
WHERE patient_id = %(patient_id)s AND seq > %(after_seq)s AND seq <= %(last_seq)s ORDER BY seq LIMIT %(limit)s
"""
_CHAINS = """
SELECT chain.patient_id, chain.seq, row.mac
FROM record_audit_chains chain LEFT JOIN record_audit row USING (patient_id, seq)
WHERE chain.patient_id > %(after_id)s ORDER BY chain.patient_id LIMIT %(limit)s
"""
_ACCESS = """
SELECT seq, happened_at, actor, access, basis, record_ids, audit.version, note, doctor_id, p.name, d.specialty
FROM record_audit audit LEFT JOIN doctors d ON d.id = doctor_id LEFT JOIN practitioners p ON p.id = d.practitioner_id
WHERE patient_id = %(patient_id)s AND seq < %(before_seq)s ORDER BY seq DESC LIMIT %(limit)s
"""


async def next_place(pg: Connection, patient_id: str) -> tuple[int, bytes]:
    """Lock a patient's chain until the transaction ends; the next number, and the mac of the last row.

    ConstraintViolated: record_audit_chains_patient_fkey.
    """
    taken = await pg.execute(_NEXT, {"patient_id": patient_id})
    # A separate statement sees what was committed while this one waited for the lock.
    last = await pg.execute(_LAST_MAC, {"patient_id": patient_id})
    [[seq]] = await taken.fetchall()
    found = await last.fetchone()
    return seq, found[0] if found else b""


async def add(pg: Connection, row: AuditRow) -> None:
    """Add a row to a chain that is locked."""
    await pg.execute(_ADD, {**row._asdict(), "record_ids": list(row.record_ids)})


async def rows(pg: Connection, patient_id: str, after_seq: int, last_seq: int, limit: int) -> list[AuditRow]:
    """The rows of a patient's chain in order, from after `after_seq` up to and including `last_seq`."""
    cursor = pg.cursor(row_factory=named(AuditRow))
    where = {"patient_id": patient_id, "after_seq": after_seq, "last_seq": last_seq, "limit": limit}
    await cursor.execute(_ROWS, where)
    return await cursor.fetchall()


async def chains(pg: Connection, after_id: str, limit: int) -> list[ChainRow]:
    """The chains by patient, starting after `after_id`."""
    cursor = pg.cursor(row_factory=named(ChainRow))
    await cursor.execute(_CHAINS, {"after_id": after_id, "limit": limit})
    return await cursor.fetchall()


async def accesses(pg: Connection, patient_id: str, before_seq: int, limit: int) -> list[AccessRow]:
    """Who accessed a patient's records, latest first, with numbers below `before_seq`."""
    cursor = pg.cursor(row_factory=named(AccessRow))
    await cursor.execute(_ACCESS, {"patient_id": patient_id, "before_seq": before_seq, "limit": limit})
    return await cursor.fetchall()
