"""Security events of accounts: rows that are never changed."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from db.postgres.cluster.engines import Connection
from db.postgres.driver.statements import sql
from db.postgres.tables import security_events


class SecurityEventRow(NamedTuple):
    """An event; `actor` is the id of the account that acted, `family_id` the sessions whose token was reused."""

    id: str
    account_id: str
    kind: str
    actor: str
    happened_at: datetime
    family_id: str | None = None


_ADD = sql(
    insert(security_events)
    .values({name: bindparam(name) for name in SecurityEventRow._fields})
    .on_conflict_do_nothing()
    .returning(security_events.c.id)
)


async def add(pg: Connection, event: SecurityEventRow) -> bool:
    """Store an event; False if a token reuse in that family is stored already."""
    return await (await pg.execute(_ADD, event._asdict())).fetchone() is not None
