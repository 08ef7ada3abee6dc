"""The one place for what a security event of an account causes."""

from datetime import datetime

from db.postgres.cluster.engines import Connection
from db.postgres.identity import security_events
from db.postgres.identity.security_events import SecurityEventRow
from db.postgres.notifications import notifications
from server.domain.ids import IdMaker
from server.domain.notices import KIND_OF_SECURITY_EVENT, WARNING_LASTS, NoticeKind
from server.telemetry import traces
from server.usecases.notices import new_notice


async def record(pg: Connection, new_id: IdMaker, account_id: str, kind: str, *, actor: str, now: datetime) -> None:
    """Record what somebody did to an account, in the transaction that does it, and warn the owner of some of it."""
    await _add(pg, new_id, SecurityEventRow(new_id(), account_id, kind, actor, now))


async def record_reuse(pg: Connection, new_id: IdMaker, account_id: str, family_id: str, now: datetime) -> None:
    """Record that a refresh token of a family was reused, and warn the account's owner, each once per family."""
    event = SecurityEventRow(new_id(), account_id, "refresh_token_reused", "unknown", now, family_id)
    await _add(pg, new_id, event)


async def _add(pg: Connection, new_id: IdMaker, event: SecurityEventRow) -> None:
    if await security_events.add(pg, event) and (notice := KIND_OF_SECURITY_EVENT.get(event.kind)):
        await _warn(pg, new_id, event.account_id, notice, event.happened_at)


async def _warn(pg: Connection, new_id: IdMaker, account_id: str, kind: NoticeKind, now: datetime) -> None:
    row = new_notice(new_id(), kind, now, now + WARNING_LASTS, account_id=account_id)
    await notifications.add(pg, row, traces.traceparent())
