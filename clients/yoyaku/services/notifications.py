"""NotificationService: notices to patients, and dead letters."""

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod, Rows
from yoyaku.v1 import notification_service_pb2 as pb
from yoyaku.v1.notification_pb2 import NotificationStatus
from yoyaku.v1.notification_service_pb2_grpc import NotificationServiceStub
from yoyaku.wire import write_id


class NotificationCalls(ServiceCalls):
    """The calls of NotificationService, for admins."""

    @ClientMethod
    async def list_notifications(
        self,
        *,
        appointment_id: str = "",
        status: "NotificationStatus.ValueType" = NotificationStatus.NOTIFICATION_STATUS_UNSPECIFIED,
        size: int = 0,
        page_token: str = "",
    ) -> pb.ListNotificationsResponse:
        """A page of notifications, newest first; of an appointment, with a status, or all (NotAllowed)."""
        request = pb.ListNotificationsRequest(
            appointment_id=appointment_id, status=status, size=size, page_token=page_token
        )
        return await self._call(self._stub(NotificationServiceStub).ListNotifications, request)

    notifications = Rows(list_notifications, lambda page: page.notifications)

    @ClientMethod
    async def retry_notification(self, notification_id: str, *, request_id: str = "") -> pb.RetryNotificationResponse:
        """Send a dead letter again (NotFound; Refused if it is not a dead letter; NotAllowed)."""
        request = pb.RetryNotificationRequest(notification_id=notification_id, request_id=write_id(request_id))
        return await self._call(self._stub(NotificationServiceStub).RetryNotification, request)
