"""What to tell a patient when an appointment has changed, and when."""

from datetime import datetime

from db.postgres import notifications
from db.postgres.engines import Connection, Engine
from db.postgres.notifications import NotificationRow, SubjectRow
from db.postgres.transaction import transact
from server.domain.appointment import Status
from server.domain.ids import Clock, IdMaker
from server.domain.notices import REMIND_BEFORE, Channel, Delivery, Kind, Outcome, channel_for


class Planning:
    """Turns changes of appointments into entries of the ledger."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def announce(self, appointment_id: str, kind: Kind, version: int) -> None:
        """Enter the notice of a change and the reminder that goes with it; done again, it changes nothing."""

        async def work(pg: Connection) -> None:
            now = self._clock()
            await notifications.lock(pg, appointment_id)
            sent_newest = await notifications.newest_version(pg, appointment_id)
            subject = await (await notifications.subject(pg, appointment_id)).fetchone()
            newest = await sent_newest.fetchone()
            if subject is None or newest is None:
                return
            await notifications.supersede(pg, appointment_id, version, now)
            is_old = newest[0] > version
            await notifications.add(pg, self._notice(appointment_id, kind, version, subject, now, is_old=is_old))
            reminder = self._notice(appointment_id, Kind.REMINDER, version, subject, now, is_old=is_old)
            # After another change it is for the job of that change to plan a reminder.
            is_current = subject.status == Status.SCHEDULED and subject.version == version
            if is_current and reminder.due_at > now:
                await notifications.add(pg, reminder)

        # Done twice, it finds its entries: a connection lost at COMMIT does not matter.
        await transact(self._engine, work, replayable=True)

    def _notice(
        self, appointment_id: str, kind: Kind, version: int, subject: SubjectRow, now: datetime, *, is_old: bool
    ) -> NotificationRow:
        channel = channel_for(subject.email, subject.phone)
        status, outcome = Delivery.PLANNED if kind is Kind.REMINDER else Delivery.WAITING, Outcome.NONE
        if is_old:
            status, outcome = Delivery.DROPPED, Outcome.SUPERSEDED
        elif channel is Channel.NONE:
            status, outcome = Delivery.DROPPED, Outcome.NO_ADDRESS
        return NotificationRow(
            id=self._new_id(),
            kind=kind,
            appointment_id=appointment_id,
            account_id=None,
            version=version,
            channel=channel,
            status=status,
            outcome=outcome,
            attempts=0,
            due_at=subject.start_at - REMIND_BEFORE if kind is Kind.REMINDER else now,
            expires_at=subject.start_at,
            created_at=now,
            updated_at=now,
        )
