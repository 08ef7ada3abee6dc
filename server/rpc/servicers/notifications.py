"""NotificationService."""

from db.postgres.notifications.notifications import NotificationRow
from server.rpc.calls.current_call import caller
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.convert import to_timestamp
from server.usecases.notifications import NotificationListing, Notifications
from yoyaku.v1 import notification_pb2
from yoyaku.v1 import notification_service_pb2 as pb
from yoyaku.v1.notification_service_pb2_grpc import NotificationServiceServicer

_STATUS = "NOTIFICATION_STATUS_"


class NotificationServicer(NotificationServiceServicer):
    """Shows the notices to patients, and retries dead letters."""

    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: object
    ) -> pb.ListNotificationsResponse:
        status = notification_pb2.NotificationStatus.Name(request.status) if request.status else _STATUS
        listing = NotificationListing(
            request.appointment_id.lower(), status.removeprefix(_STATUS).lower(), request.size, request.page_token
        )
        rows, next_page_token = await self._notifications.list(caller(), listing)
        return pb.ListNotificationsResponse(notifications=map(_notification, rows), next_page_token=next_page_token)

    async def RetryNotification(
        self, request: pb.RetryNotificationRequest, context: object
    ) -> pb.RetryNotificationResponse:
        write = idempotent_write(caller(), request, request.request_id, _retried, pb.RetryNotificationResponse)
        return await self._notifications.retry(caller(), request.notification_id.lower(), write)


_KINDS = {
    name.removeprefix("NOTIFICATION_KIND_").lower(): value for name, value in notification_pb2.NotificationKind.items()
}


def _retried(row: NotificationRow) -> pb.RetryNotificationResponse:
    return pb.RetryNotificationResponse(notification=_notification(row))


def _notification(row: NotificationRow) -> notification_pb2.Notification:
    outcome = row.outcome.removeprefix("outcome_") or "unspecified"
    return notification_pb2.Notification(
        id=row.id,
        # Of a newer release there may be kinds that this one has no value for.
        kind=_KINDS.get(row.kind, notification_pb2.NOTIFICATION_KIND_UNSPECIFIED),
        appointment_id=row.appointment_id or "",
        account_id=row.account_id or "",
        patient_id=row.patient_id or "",
        version=row.version,
        channel=notification_pb2.NotificationChannel.Value(f"NOTIFICATION_CHANNEL_{row.channel.upper()}"),
        status=notification_pb2.NotificationStatus.Value(f"{_STATUS}{row.status.upper()}"),
        outcome=notification_pb2.NotificationOutcome.Value(f"NOTIFICATION_OUTCOME_{outcome.upper()}"),
        attempts=row.attempts,
        due_time=to_timestamp(row.due_at),
        expire_time=to_timestamp(row.expires_at),
        create_time=to_timestamp(row.created_at),
        update_time=to_timestamp(row.updated_at),
    )
