"""The gap in the ledger after a restore: what may have been sent in the time that was lost is not sent again."""

from datetime import datetime

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import read, transact
from db.postgres.recovery import restored
from server.domain.ids import Clock
from server.domain.notices import NoticeKind
from server.notifications.planning import NoticePlanner


async def close_gap(engine: Engine, clock: Clock, planner: NoticePlanner) -> int:
    """Make dead letters, UNKNOWN, of all notices that were due by now and are not known to be sent; how many.

    No worker may run meanwhile. Repeating it finds nothing more. Staff see them in the list of notifications, and may
    retry those that nobody got. Reminders that fall due later stay.
    """
    # The jobs of changes have no entry in the ledger yet, so they get one first.
    for job in await read(engine, restored.announcements):
        await planner.plan_notices(
            job.appointment_id, NoticeKind(job.kind), job.version, datetime.fromisoformat(job.start_at)
        )
    return await transact(engine, lambda pg: restored.give_up_unknown(pg, clock()), replayable=True)
