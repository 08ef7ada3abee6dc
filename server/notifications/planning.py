"""Plans which notices a patient gets when an appointment has changed, and when."""

from collections.abc import Collection
from datetime import datetime

from db.postgres.cluster.engines import Connection, Engine, Sent
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import notifications
from db.postgres.notifications.content import AppointmentFactsRow, UntoldRow, appointment_facts, moved_with, untold
from db.postgres.notifications.notifications import NotificationRow
from server.domain.booking.appointment import AppointmentStatus
from server.domain.ids import Clock, IdMaker
from server.domain.notices import (
    REMIND_BEFORE,
    TURN_LASTS,
    Delivery,
    DeliveryOutcome,
    NoticeKind,
    channel_for,
    still_true,
)
from server.telemetry import traces
from server.usecases.notices import new_notice


class NoticePlanner:
    """Turns changes of appointments into entries of the ledger."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def plan_notices(
        self, appointment_id: str, kind: NoticeKind, version: int, start_at: datetime
    ) -> NotificationRow | None:
        """Enter the notice of a change in the ledger, and the reminder that goes with it; repeating it changes nothing.

        If the kind is a reminder, there is no other notice of the change. `version` and `start_at` are those of the
        appointment after the change; it may have changed again since. Returns the notice to deliver, as it is now; None
        if there is none to deliver now, or the appointment no longer exists.
        """

        async def work(pg: Connection) -> Sent[NotificationRow] | None:
            now = self._clock()
            await notifications.lock(pg, appointment_id)
            facts = await (await appointment_facts(pg, appointment_id)).fetchone()
            if facts is None:
                return None
            dropped = await notifications.supersede(pg, appointment_id, kind, version, now)
            overtaken = {each for (each,) in await dropped.fetchall()} if facts.series_id else set[str]()
            entered = None
            if kind is not NoticeKind.REMINDER:
                notice = self._notice(appointment_id, kind, version, facts, now)
                if not still_true(kind, AppointmentStatus(facts.status), facts.start_at, start_at):
                    notice = notice._replace(status=Delivery.DROPPED, outcome=DeliveryOutcome.SUPERSEDED)
                    overtaken.add(kind)
                entered = await notifications.enter(pg, notice)
            if kind in {NoticeKind.CHANGE, NoticeKind.CANCELLATION} and facts.series_id:
                await self._tell_the_others(pg, appointment_id, facts.series_id, overtaken, facts, now)
            reminder = self._notice(appointment_id, NoticeKind.REMINDER, version, facts, now)
            # After a later move, the job of that move plans the reminder.
            is_current = facts.status == AppointmentStatus.SCHEDULED and facts.start_at == start_at
            # The reminder may have become due while the provider was unavailable and nothing was planned.
            if is_current and reminder.due_at > facts.changed_at and facts.start_at > now:
                await notifications.remind(pg, reminder)
            return entered

        # A second run finds the entries of the first, so a connection lost at COMMIT does not matter.
        with traces.span("plan"):
            entered = await transact(self._engine, work, replayable=True)
            return await entered.fetchone() if entered else None

    async def _tell_the_others(
        self,
        pg: Connection,
        appointment_id: str,
        series_id: str,
        overtaken: Collection[str],
        facts: AppointmentFactsRow,
        now: datetime,
    ) -> None:
        """Queue notices about all of a series again, if a change of one of it was faster than they were."""
        await self._tell_of(pg, NoticeKind.CONFIRMATION, await (await untold(pg, series_id)).fetchone(), facts, now)
        if NoticeKind.CHANGE in overtaken:
            left = await (await moved_with(pg, series_id, appointment_id)).fetchone()
            await self._tell_of(pg, NoticeKind.CHANGE, left, facts, now)

    async def _tell_of(
        self, pg: Connection, kind: NoticeKind, left: UntoldRow | None, facts: AppointmentFactsRow, now: datetime
    ) -> None:
        """Queue a notice of an appointment of a series that was left out, if one was; it lists others like it."""
        if left:
            notice = self._notice(left.id, kind, left.version, facts, now)
            await notifications.add(pg, notice._replace(expires_at=left.start_at), traces.traceparent())

    def _notice(
        self, appointment_id: str, kind: NoticeKind, version: int, facts: AppointmentFactsRow, now: datetime
    ) -> NotificationRow:
        # With the present data; recipient and channel are decided when it is sent.
        channel, _ = channel_for(facts.email, facts.phone)
        expires_at = now + TURN_LASTS if kind is NoticeKind.TURN else facts.start_at
        notice = new_notice(
            self._new_id(), kind, now, expires_at, channel=channel, appointment_id=appointment_id, version=version
        )
        if kind is NoticeKind.REMINDER:
            return notice._replace(status=Delivery.PLANNED, due_at=facts.start_at - REMIND_BEFORE)
        return notice
