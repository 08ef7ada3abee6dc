"""What imports remember of each resource: digests of what it said, and the version that was written of it."""

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class ImportedRow(NamedTuple):
    """What is remembered of a resource; (system, value) is the identifier for its id at the exporter."""

    system: str
    value: str
    digests: Mapping[str, str]
    """By field."""
    version: int | None = None
    """Of the appointment or record, as the import wrote it last; None for other things."""


_LOAD = """
SELECT system, value, digests, version FROM imported_resources
JOIN unnest(%(systems)s::text[], %(values)s::text[]) AS wanted (system, value) USING (system, value)
"""
_PUT = """
INSERT INTO imported_resources AS old (system, value, digests, version)
SELECT * FROM unnest(%(systems)s::text[], %(values)s::text[], %(digests)s::jsonb[], %(versions)s::integer[])
ON CONFLICT (system, value) DO UPDATE SET digests = excluded.digests, version = excluded.version
"""


async def load(pg: Connection, identifiers: Collection[tuple[str, str]]) -> list[ImportedRow]:
    """What is remembered of these resources."""
    cursor = pg.cursor(row_factory=named(ImportedRow))
    wanted = {"systems": [each[0] for each in identifiers], "values": [each[1] for each in identifiers]}
    await cursor.execute(_LOAD, wanted)
    return await cursor.fetchall()


async def put(pg: Connection, rows: Collection[ImportedRow]) -> None:
    """Remember these resources, each at most once, in place of what was remembered of them."""
    values = {
        "systems": [row.system for row in rows],
        "values": [row.value for row in rows],
        "digests": [json.dumps(row.digests) for row in rows],
        "versions": [row.version for row in rows],
    }
    await pg.execute(_PUT, values)
