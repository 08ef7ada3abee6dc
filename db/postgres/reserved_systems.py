"""Systems whose identifiers only imports write."""

from collections.abc import Collection
from datetime import datetime

from db.postgres.cluster.engines import Connection

IMPORTER = "import-fhir"
"""Who reserves the systems of an import, as it is called in histories and in the audit trail."""

# Who writes identifiers shares it, who reserves a system waits for those: nothing of a system slips in beside.
_SHARE = "SELECT pg_advisory_xact_lock_shared(7250412)"
_LOCK = "SELECT pg_advisory_xact_lock(7250412)"
_RESERVED = "SELECT system, actor FROM reserved_systems WHERE system = ANY(%(systems)s)"
_ALL = "SELECT system FROM reserved_systems WHERE actor = %(actor)s"
_ADD = """
INSERT INTO reserved_systems AS old (system, actor, created_at)
SELECT system, %(actor)s, %(now)s FROM unnest(%(systems)s::text[]) AS wanted (system)
ON CONFLICT (system) DO UPDATE SET actor = excluded.actor
    WHERE excluded.actor = 'import-fhir' AND old.actor <> excluded.actor
RETURNING system
"""
_REMOVE = "DELETE FROM reserved_systems WHERE system = %(system)s"
_PATIENTS_NAMED = "SELECT count(DISTINCT patient_id) FROM patient_identifiers WHERE system = ANY(%(systems)s)"


async def share(pg: Connection) -> None:
    """Keep systems from being reserved until the transaction ends."""
    await pg.execute(_SHARE)


async def lock(pg: Connection) -> None:
    """Wait for those who write identifiers, and keep others from it until the transaction ends."""
    await pg.execute(_LOCK)


async def reserved(pg: Connection, systems: Collection[str]) -> dict[str, str]:
    """Those of the systems that are reserved, and who did it."""
    cursor = await pg.execute(_RESERVED, {"systems": list(systems)})
    return dict(await cursor.fetchall())


async def all_of(pg: Connection, actor: str) -> list[str]:
    """All systems that somebody has reserved."""
    return [row[0] for row in await (await pg.execute(_ALL, {"actor": actor})).fetchall()]


async def add(pg: Connection, systems: Collection[str], actor: str, now: datetime) -> list[str]:
    """Reserve systems; those that were not, or that the importer takes over from somebody else."""
    cursor = await pg.execute(_ADD, {"systems": list(systems), "actor": actor, "now": now})
    return [row[0] for row in await cursor.fetchall()]


async def remove(pg: Connection, system: str) -> None:
    """Let everybody write a system's identifiers again."""
    await pg.execute(_REMOVE, {"system": system})


async def patients_named(pg: Connection, systems: Collection[str]) -> int:
    """How many patients have an identifier of one of the systems."""
    cursor = await pg.execute(_PATIENTS_NAMED, {"systems": list(systems)})
    return int((await cursor.fetchone() or (0,))[0])
