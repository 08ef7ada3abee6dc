"""AppointmentService: how far a visit has come, and what it occupies."""

from typing import TypeVar

from google.protobuf.message import Message

from server.domain.booking.appointment import AppointmentStatus
from server.rpc.calls.current_call import caller, set_etag
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.bookings import hold_confirmed, hold_released, resource_swapped
from server.rpc.messages.convert import to_appointment
from server.rpc.messages.queue import to_ticket
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.holds.ends import HoldEnd, Holds
from server.usecases.appointments.resources.swap import ResourceSwapper, Swap
from server.usecases.appointments.status import StatusChanger, Step
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceServicer

_Request = (
    pb.CheckInAppointmentRequest
    | pb.StartAppointmentRequest
    | pb.CompleteAppointmentRequest
    | pb.MarkNoShowRequest
    | pb.RevertStatusRequest
)
R = TypeVar("R", bound=Message)


class AppointmentStatusServicer(AppointmentServiceServicer):
    """The methods of AppointmentService that leave an appointment at its time."""

    _status: StatusChanger
    _swapper: ResourceSwapper
    _holds: Holds

    async def ConfirmHold(self, request: pb.ConfirmHoldRequest, context: object) -> pb.ConfirmHoldResponse:
        end = HoldEnd(request.appointment_id.lower(), "confirmed", request.etag)
        write = idempotent_write(caller(), request, request.request_id, hold_confirmed, pb.ConfirmHoldResponse)
        response = await self._holds.end(caller(), end, write)
        set_etag(response.appointment.etag)
        return response

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, context: object) -> pb.ReleaseHoldResponse:
        end = HoldEnd(request.appointment_id.lower(), "released", request.etag)
        write = idempotent_write(caller(), request, request.request_id, hold_released, pb.ReleaseHoldResponse)
        response = await self._holds.end(caller(), end, write)
        set_etag(response.appointment.etag)
        return response

    async def SwapResource(self, request: pb.SwapResourceRequest, context: object) -> pb.SwapResourceResponse:
        ids = (request.appointment_id.lower(), request.resource_id.lower(), request.to_resource_id.lower())
        write = idempotent_write(caller(), request, request.request_id, resource_swapped, pb.SwapResourceResponse)
        response = await self._swapper.swap(caller(), Swap(*ids, request.etag), write)
        set_etag(response.appointment.etag)
        return response

    async def CheckInAppointment(
        self, request: pb.CheckInAppointmentRequest, context: object
    ) -> pb.CheckInAppointmentResponse:
        return await self._step(request, AppointmentStatus.CHECKED_IN, pb.CheckInAppointmentResponse)

    async def StartAppointment(
        self, request: pb.StartAppointmentRequest, context: object
    ) -> pb.StartAppointmentResponse:
        return await self._step(request, AppointmentStatus.IN_PROGRESS, pb.StartAppointmentResponse)

    async def CompleteAppointment(
        self, request: pb.CompleteAppointmentRequest, context: object
    ) -> pb.CompleteAppointmentResponse:
        return await self._step(request, AppointmentStatus.COMPLETED, pb.CompleteAppointmentResponse)

    async def MarkNoShow(self, request: pb.MarkNoShowRequest, context: object) -> pb.MarkNoShowResponse:
        return await self._step(request, AppointmentStatus.NO_SHOW, pb.MarkNoShowResponse)

    async def RevertStatus(self, request: pb.RevertStatusRequest, context: object) -> pb.RevertStatusResponse:
        return await self._step(request, None, pb.RevertStatusResponse, request.reason)

    async def _step(self, request: _Request, to: AppointmentStatus | None, made: type[R], reason: str = "") -> R:
        def changed(result: Changed) -> R:
            answer = made(appointment=to_appointment(result.appointment), revision=result.revision)
            if result.ticket and isinstance(answer, pb.CheckInAppointmentResponse):
                answer.ticket.CopyFrom(to_ticket(result.ticket))
            return answer

        step = Step(request.appointment_id.lower(), to, request.etag, reason)
        write = idempotent_write(caller(), request, request.request_id, changed, made)
        response = await self._status.change(caller(), step, write)
        set_etag(response.appointment.etag)  # type: ignore[attr-defined]  # each of them has it
        return response
