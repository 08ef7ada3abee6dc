"""Notifications as admins see them: listing them, and retrying dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.notifications import notifications
from db.postgres.notifications.notifications import NotificationQuery, NotificationRow
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.notices import Delivery
from server.domain.rights import Action, require
from server.telemetry import traces
from server.usecases import paging
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NotificationListing:
    """Which notifications to list; an empty `appointment_id` or `status` stands for all."""

    appointment_id: str
    status: str
    size: int
    page_token: str


class Notifications:
    """Lists notifications and retries dead letters."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def list(self, caller: Caller, listing: NotificationListing) -> tuple[Sequence[NotificationRow], str]:
        """A page, the newest first, and the token of the next page, empty if there is none (PAGE_TOKEN_INVALID)."""
        require(caller, Action.SEE_NOTIFICATIONS)
        size = paging.page_size(listing.size)
        filters = ("notifications", listing.appointment_id, listing.status)
        before_id = paging.after_id(listing.page_token, filters) if listing.page_token else None
        query = NotificationQuery(listing.appointment_id or None, listing.status or None, before_id, size + 1)
        return paging.cut(await read(self._engine, lambda pg: notifications.find(pg, query)), size, filters)

    async def retry(self, caller: Caller, notification_id: str, write: Write[NotificationRow, M]) -> M:
        """Retry a dead letter; errors are those of RetryNotification in the contract."""
        require(caller, Action.RETRY_NOTIFICATION)
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> NotificationRow:
            await claim.wait_or_answer()
            row = await (await notifications.get_locked(pg, notification_id)).fetchone()
            if row is None:
                raise not_found(Reason.NOTIFICATION_NOT_FOUND, "notification", notification_id)
            if row.status != Delivery.DEAD:
                raise _not_dead(row)
            await notifications.revive(pg, notification_id, now, traces.traceparent())
            return row._replace(status=Delivery.WAITING, outcome="", attempts=0, updated_at=now)

        return await perform(self._engine, write, work, now)


def _not_dead(row: NotificationRow) -> DomainError:
    return DomainError(
        Reason.NOTIFICATION_NOT_DEAD,
        f"the notification is {row.status.upper()}, and only dead letters can be retried: list it to see its status",
        metadata={"status": row.status.upper()},
    )
