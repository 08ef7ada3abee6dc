"""Systems whose identifiers only imports write."""

from collections.abc import Collection
from datetime import datetime

from db.postgres.cluster.engines import Connection

IMPORTER = "import-fhir"
"""The importer's name as the one who reserves systems, and in histories and the audit trail."""

# Writers of identifiers share this lock, and reserving a system waits for all of them: no identifier of a system can be
# written while the system is being reserved.
_SHARE = "SELECT pg_advisory_xact_lock_shared(7250412)"
_LOCK = "SELECT pg_advisory_xact_lock(7250412)"
# Regardless of case: of two systems that differ in it only, one would pass for the other.
_RESERVED = """
SELECT wanted.system, actor FROM unnest(%(systems)s::text[]) AS wanted (system)
JOIN reserved_systems ON lower(reserved_systems.system) = lower(wanted.system)
"""
_ALL = "SELECT system FROM reserved_systems WHERE actor = %(actor)s"
_ADD = """
INSERT INTO reserved_systems AS old (system, actor, created_at)
SELECT system, %(actor)s, %(now)s FROM unnest(%(systems)s::text[]) AS wanted (system)
ON CONFLICT (system) DO UPDATE SET actor = excluded.actor
    WHERE excluded.actor = 'import-fhir' AND old.actor <> excluded.actor
RETURNING system
"""
_REMOVE = "DELETE FROM reserved_systems WHERE lower(system) = lower(%(system)s)"
_PATIENTS_NAMED = "SELECT count(DISTINCT patient_id) FROM patient_identifiers WHERE system = ANY(%(systems)s)"


async def share(pg: Connection) -> None:
    """Keep systems from being reserved until the transaction ends."""
    await pg.execute(_SHARE)


async def lock(pg: Connection) -> None:
    """Wait for transactions that write identifiers, and block others until this transaction ends."""
    await pg.execute(_LOCK)


async def reserved(pg: Connection, systems: Collection[str]) -> dict[str, str]:
    """The systems among these that are reserved, in upper or lower case, and who reserved each."""
    cursor = await pg.execute(_RESERVED, {"systems": list(systems)})
    return dict(await cursor.fetchall())


async def all_of(pg: Connection, actor: str) -> list[str]:
    """All systems that somebody has reserved."""
    return [row[0] for row in await (await pg.execute(_ALL, {"actor": actor})).fetchall()]


async def add(pg: Connection, systems: Collection[str], actor: str, now: datetime) -> list[str]:
    """Reserve systems; those that were free, or that the importer takes over from somebody else."""
    cursor = await pg.execute(_ADD, {"systems": list(systems), "actor": actor, "now": now})
    return [row[0] for row in await cursor.fetchall()]


async def remove(pg: Connection, system: str) -> None:
    """Allow everybody to write a system's identifiers again."""
    await pg.execute(_REMOVE, {"system": system})


async def patients_named(pg: Connection, systems: Collection[str]) -> int:
    """How many patients have an identifier of one of the systems."""
    cursor = await pg.execute(_PATIENTS_NAMED, {"systems": list(systems)})
    return int((await cursor.fetchone() or (0,))[0])
