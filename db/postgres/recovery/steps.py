"""When each step of the backups last succeeded, and what a restore needs to have."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection


class KeysNeeded(NamedTuple):
    """What a restored database can only be used with."""

    signing_key_id: str
    sealed_signing_key: bytes
    """Opens only with the right key encryption key; empty if there is no signing key yet."""
    master_key_ids: list[str]
    audit_key_ids: list[str]


_SUCCEEDED = """
INSERT INTO backup_steps (step, succeeded_at) VALUES (%(step)s, now())
ON CONFLICT (step) DO UPDATE SET succeeded_at = excluded.succeeded_at
"""
_STEPS = "SELECT step, succeeded_at FROM backup_steps"
_KEYS = """
SELECT coalesce((SELECT kid FROM signing_keys ORDER BY signs_from DESC LIMIT 1), ''),
    coalesce((SELECT private_key_encrypted FROM signing_keys ORDER BY signs_from DESC LIMIT 1), ''),
    ARRAY(SELECT DISTINCT master_key_id FROM record_data_keys),
    ARRAY(SELECT DISTINCT key_id FROM record_audit)
"""
# It reads the whole audit trail.
_PATIENTLY = "SET LOCAL statement_timeout = '10min'"
_IS_STREAMING = "SELECT coalesce(bool_or(active), false) FROM pg_replication_slots WHERE slot_name = %(slot)s"


async def succeeded(pg: Connection, step: str) -> None:
    """Note that a step has succeeded now."""
    await pg.execute(_SUCCEEDED, {"step": step})


async def last_successes(pg: Connection) -> Mapping[str, datetime]:
    """When each step last succeeded; a step that never did is missing."""
    return dict(await (await pg.execute(_STEPS)).fetchall())


async def keys_needed(pg: Connection) -> KeysNeeded:
    """The keys that the present data need."""
    await pg.execute(_PATIENTLY)
    row = await (await pg.execute(_KEYS)).fetchone()
    return KeysNeeded(*row) if row else KeysNeeded("", b"", [], [])


async def is_streaming(pg: Connection, slot: str) -> bool:
    """Whether somebody reads WAL through a replication slot."""
    row = await (await pg.execute(_IS_STREAMING, {"slot": slot})).fetchone()
    return bool(row and row[0])
