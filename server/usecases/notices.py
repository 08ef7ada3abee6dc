"""A notice as it enters the ledger."""

from datetime import datetime

from db.postgres.notifications.notifications import NotificationRow
from server.domain.notices import Channel, Delivery, DeliveryOutcome, NoticeKind


def new_notice(
    notice_id: str,
    kind: NoticeKind,
    now: datetime,
    expires_at: datetime,
    *,
    channel: Channel = Channel.EMAIL,
    recipient: str = "",
    appointment_id: str | None = None,
    version: int = 1,
    account_id: str | None = None,
    patient_id: str | None = None,
) -> NotificationRow:
    """A notice to be sent now, about an appointment in a version, an account, or a patient's contact."""
    return NotificationRow(
        id=notice_id,
        kind=kind,
        appointment_id=appointment_id,
        account_id=account_id,
        patient_id=patient_id,
        version=version,
        channel=channel,
        recipient=recipient,
        status=Delivery.WAITING,
        outcome=DeliveryOutcome.NONE,
        attempts=0,
        due_at=now,
        expires_at=expires_at,
        created_at=now,
        updated_at=now,
    )
