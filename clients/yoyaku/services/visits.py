"""AppointmentService: how far a visit has come, and what it occupies."""

from yoyaku.methods import ClientMethod
from yoyaku.streams import StreamCalls
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.wire import write_id


class VisitCalls(StreamCalls):
    """The calls of AppointmentService that leave an appointment at its time."""

    @ClientMethod
    async def swap_resource(
        self, appointment_id: str, resource_id: str, *, to_resource_id: str = "", etag: str = "", request_id: str = ""
    ) -> pb.SwapResourceResponse:
        """Give it another room or device of the kind, any free one unless named (NotFound, AlreadyExists, Refused)."""
        request = pb.SwapResourceRequest(
            appointment_id=appointment_id,
            resource_id=resource_id,
            to_resource_id=to_resource_id,
            etag=etag,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AppointmentServiceStub).SwapResource, request)

    @ClientMethod
    async def check_in_appointment(
        self, appointment_id: str, *, etag: str = "", request_id: str = ""
    ) -> pb.CheckInAppointmentResponse:
        """The patient has arrived, also late after all (Refused, NotFound, NotAllowed, EtagMismatch)."""
        request = pb.CheckInAppointmentRequest(
            appointment_id=appointment_id, etag=etag, request_id=write_id(request_id)
        )
        return await self._call(self._stub(AppointmentServiceStub).CheckInAppointment, request)

    @ClientMethod
    async def start_appointment(
        self, appointment_id: str, *, etag: str = "", request_id: str = ""
    ) -> pb.StartAppointmentResponse:
        """The patient is with the doctor (Refused, NotFound, NotAllowed, EtagMismatch)."""
        request = pb.StartAppointmentRequest(appointment_id=appointment_id, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).StartAppointment, request)

    @ClientMethod
    async def complete_appointment(
        self, appointment_id: str, *, etag: str = "", request_id: str = ""
    ) -> pb.CompleteAppointmentResponse:
        """The visit is over (Refused, NotFound, NotAllowed, EtagMismatch)."""
        request = pb.CompleteAppointmentRequest(
            appointment_id=appointment_id, etag=etag, request_id=write_id(request_id)
        )
        return await self._call(self._stub(AppointmentServiceStub).CompleteAppointment, request)

    @ClientMethod
    async def mark_no_show(self, appointment_id: str, *, etag: str = "", request_id: str = "") -> pb.MarkNoShowResponse:
        """The patient did not come; the slot is free (Refused, NotFound, NotAllowed, EtagMismatch)."""
        request = pb.MarkNoShowRequest(appointment_id=appointment_id, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).MarkNoShow, request)

    @ClientMethod
    async def revert_status(
        self, appointment_id: str, reason: str, *, etag: str = "", request_id: str = ""
    ) -> pb.RevertStatusResponse:
        """Set an appointment's status back by one step (Refused, NotFound, NotAllowed, EtagMismatch)."""
        request = pb.RevertStatusRequest(
            appointment_id=appointment_id, reason=reason, etag=etag, request_id=write_id(request_id)
        )
        return await self._call(self._stub(AppointmentServiceStub).RevertStatus, request)
