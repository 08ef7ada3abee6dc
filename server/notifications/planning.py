"""What to tell a patient when an appointment has changed, and when."""

from datetime import datetime

from db.postgres import notifications
from db.postgres.cluster.engines import Connection, Engine, Sent
from db.postgres.cluster.transaction import transact
from db.postgres.notifications import NotificationRow, SubjectRow
from server.domain.appointment import Status
from server.domain.ids import Clock, IdMaker
from server.domain.notices import REMIND_BEFORE, Delivery, DeliveryOutcome, NoticeKind, channel_for, still_true


class NoticePlanner:
    """Turns changes of appointments into entries of the ledger."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def announce(
        self, appointment_id: str, kind: NoticeKind, version: int, start_at: datetime
    ) -> NotificationRow | None:
        """Enter the notice of a change, and the reminder that goes with it; done again, it changes nothing.

        `version` and `start_at` are those of the appointment after the change; it may have changed again. The notice as
        it stands, to be delivered; None if the appointment is not there any more.
        """

        async def work(pg: Connection) -> Sent[NotificationRow] | None:
            now = self._clock()
            await notifications.lock(pg, appointment_id)
            subject = await (await notifications.subject(pg, appointment_id)).fetchone()
            if subject is None:
                return None
            await notifications.supersede(pg, appointment_id, version, now)
            notice = self._notice(appointment_id, kind, version, subject, now)
            if not still_true(kind, Status(subject.status), subject.start_at, start_at):
                notice = notice._replace(status=Delivery.DROPPED, outcome=DeliveryOutcome.SUPERSEDED)
            sent = await notifications.enter(pg, notice)
            reminder = self._notice(appointment_id, NoticeKind.REMINDER, version, subject, now)
            # After another change it is for the job of that change to plan a reminder.
            is_current = subject.status == Status.SCHEDULED and subject.version == version
            # Its time may have come while the provider was away, and nothing was planned.
            if is_current and reminder.due_at > subject.changed_at and subject.start_at > now:
                await notifications.enter(pg, reminder)
            return sent

        # Done twice, it finds its entries: a connection lost at COMMIT does not matter.
        entered = await transact(self._engine, work, replayable=True)
        return await entered.fetchone() if entered else None

    def _notice(
        self, appointment_id: str, kind: NoticeKind, version: int, subject: SubjectRow, now: datetime
    ) -> NotificationRow:
        # As things are now; whom it reaches and how is decided when it is sent.
        channel, _ = channel_for(subject.email, subject.phone)
        return NotificationRow(
            id=self._new_id(),
            kind=kind,
            appointment_id=appointment_id,
            account_id=None,
            patient_id=None,
            version=version,
            channel=channel,
            recipient="",
            status=Delivery.PLANNED if kind is NoticeKind.REMINDER else Delivery.WAITING,
            outcome=DeliveryOutcome.NONE,
            attempts=0,
            due_at=subject.start_at - REMIND_BEFORE if kind is NoticeKind.REMINDER else now,
            expires_at=subject.start_at,
            created_at=now,
            updated_at=now,
        )
