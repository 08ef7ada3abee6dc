"""How long each clinic keeps its medical records, and which records may be archived."""

from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class RetentionRow(NamedTuple):
    """A clinic's policy, in years since the last amendment; `kept_years` is None for records that are kept for ever."""

    hot_years: int
    kept_years: int | None


_GET = "SELECT hot_years, kept_years FROM record_retention WHERE clinic_id = %(clinic_id)s"
_ALL = """
SELECT id, hot_years, kept_years FROM clinics LEFT JOIN record_retention ON clinic_id = id ORDER BY id
"""
_PUT = """
INSERT INTO record_retention (clinic_id, hot_years, kept_years)
VALUES (%(clinic_id)s, %(hot_years)s, %(kept_years)s)
ON CONFLICT (clinic_id) DO UPDATE SET hot_years = excluded.hot_years, kept_years = excluded.kept_years
"""
_AMENDED_BEFORE = """
SELECT id FROM records WHERE clinic_id = %(clinic_id)s AND updated_at < %(before)s
ORDER BY updated_at, id LIMIT %(limit)s
"""


async def get(pg: Connection, clinic_id: str) -> RetentionRow | None:
    """The policy of a clinic, if it has one."""
    cursor = pg.cursor(row_factory=named(RetentionRow))
    await cursor.execute(_GET, {"clinic_id": clinic_id})
    return await cursor.fetchone()


async def every(pg: Connection) -> list[tuple[str, RetentionRow | None]]:
    """All clinics, each with its policy if it has one."""
    rows = await (await pg.execute(_ALL)).fetchall()
    return [(str(clinic_id), RetentionRow(hot, kept) if hot else None) for clinic_id, hot, kept in rows]


async def put(pg: Connection, clinic_id: str, policy: RetentionRow) -> None:
    """Set the policy of a clinic (ConstraintViolated: record_retention_clinic_fkey)."""
    await pg.execute(_PUT, {"clinic_id": clinic_id, **policy._asdict()})


async def amended_before(pg: Connection, clinic_id: str, before: datetime, limit: int) -> list[str]:
    """At most `limit` records of a clinic that were last amended before an instant, oldest first."""
    cursor = await pg.execute(_AMENDED_BEFORE, {"clinic_id": clinic_id, "before": before, "limit": limit})
    return [row[0] for row in await cursor.fetchall()]
