"""The one place for what follows from an event that concerns the security of an account."""

from datetime import datetime

from db.postgres import security
from db.postgres.engines import Connection
from db.postgres.security import SecurityEventRow
from server.domain.ids import IdMaker


async def record(
    pg: Connection,
    new_id: IdMaker,
    account_id: str,
    kind: str,
    *,
    actor: str,
    now: datetime,
    family_id: str | None = None,
) -> None:
    """Keep what happened to an account, in the transaction in which it happens."""
    await security.add(pg, SecurityEventRow(new_id(), account_id, kind, actor, now, family_id))
