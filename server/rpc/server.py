"""The gRPC server: our services, the health of each, and reflection."""

from dataclasses import dataclass

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.rpc.calls.call_lifecycle import Callers
from server.rpc.calls.interceptor import CallInterceptor
from server.rpc.calls.stalled_readers import StalledReaders
from server.rpc.health import Health
from server.rpc.reflection import Reflection
from server.rpc.servicers.appointments import AppointmentServicer
from server.rpc.servicers.directory import DirectoryServicer
from server.rpc.servicers.identity import AuthServicer
from server.rpc.servicers.notifications import NotificationServicer
from server.rpc.servicers.queue import QueueServicer
from server.rpc.servicers.records import RecordServicer
from server.rpc.servicers.reports import ReportServicer
from server.rpc.servicers.schedules import ScheduleServicer
from yoyaku.v1 import (
    appointment_service_pb2,
    auth_service_pb2,
    directory_service_pb2,
    notification_service_pb2,
    queue_service_pb2,
    record_service_pb2,
    report_service_pb2,
    schedule_service_pb2,
)
from yoyaku.v1.appointment_service_pb2_grpc import add_AppointmentServiceServicer_to_server
from yoyaku.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from yoyaku.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from yoyaku.v1.notification_service_pb2_grpc import add_NotificationServiceServicer_to_server
from yoyaku.v1.queue_service_pb2_grpc import add_QueueServiceServicer_to_server
from yoyaku.v1.record_service_pb2_grpc import add_RecordServiceServicer_to_server
from yoyaku.v1.report_service_pb2_grpc import add_ReportServiceServicer_to_server
from yoyaku.v1.schedule_service_pb2_grpc import add_ScheduleServiceServicer_to_server

_MAX_MESSAGE_BYTES = 1 << 20
_MAX_METADATA_BYTES = 32 << 10
_NO_COMPRESSION = 1 << grpc.Compression.NoCompression
_SERVICES = tuple(
    service.full_name
    for file in (
        appointment_service_pb2,
        auth_service_pb2,
        directory_service_pb2,
        notification_service_pb2,
        queue_service_pb2,
        record_service_pb2,
        report_service_pb2,
        schedule_service_pb2,
    )
    for service in file.DESCRIPTOR.services_by_name.values()
)


@dataclass(frozen=True, slots=True)
class Servicers:
    """The servicer of each service."""

    appointments: AppointmentServicer
    schedules: ScheduleServicer
    directory: DirectoryServicer
    auth: AuthServicer
    records: RecordServicer
    queue: QueueServicer
    notifications: NotificationServicer
    reports: ReportServicer


class GrpcServer:
    """A worker's gRPC server."""

    def __init__(self, servicers: Servicers, callers: Callers, stalled: StalledReaders) -> None:
        self._health = Health(_SERVICES)
        self._grpc = grpc.aio.server(
            interceptors=[CallInterceptor(callers, stalled)],
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                # The length is checked after decompression: a small message could take any amount of memory.
                ("grpc.compression_enabled_algorithms_bitset", _NO_COMPRESSION),
                # Envoy allows 16 KiB and adds headers of its own; by default, gRPC begins to refuse calls above 8 KiB.
                ("grpc.max_metadata_size", _MAX_METADATA_BYTES),
                ("grpc.absolute_max_metadata_size", _MAX_METADATA_BYTES),
                # Clients ping the connections that they keep open; with the default they would be disconnected.
                ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
                # Each worker has a port of its own, so that load balancers see every worker.
                ("grpc.so_reuseport", 0),
            ],
        )
        add_AppointmentServiceServicer_to_server(servicers.appointments, self._grpc)
        add_ScheduleServiceServicer_to_server(servicers.schedules, self._grpc)
        add_DirectoryServiceServicer_to_server(servicers.directory, self._grpc)
        add_AuthServiceServicer_to_server(servicers.auth, self._grpc)
        add_RecordServiceServicer_to_server(servicers.records, self._grpc)
        add_QueueServiceServicer_to_server(servicers.queue, self._grpc)
        add_NotificationServiceServicer_to_server(servicers.notifications, self._grpc)
        add_ReportServiceServicer_to_server(servicers.reports, self._grpc)
        reflection = Reflection((*_SERVICES, health.SERVICE_NAME))
        self._grpc.add_generic_rpc_handlers((self._health.handlers(), *reflection.handlers()))

    async def start(self, address: str) -> int:
        """Listen at host:port (port 0 picks a free one) and serve; the port. OSError if it is taken."""
        try:
            port = self._grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen at {address}: is another worker running there?") from error
        await self._grpc.start()
        await self._health.say(HealthCheckResponse.SERVING)
        return port

    async def turn_away(self) -> None:
        """Tell load balancers to send no more calls; calls that still arrive are answered."""
        await self._health.say(HealthCheckResponse.NOT_SERVING)

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls, and let running ones end within the grace period."""
        await self._grpc.stop(grace_seconds)
