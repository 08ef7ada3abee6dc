"""AppointmentService: what patients do by the link of a message."""

from datetime import datetime, timedelta

from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.convert import from_timestamp, to_date, to_status, to_timestamp
from server.rpc.messages.queue import to_ticket
from server.usecases.appointments.by_link import ANYBODY, LinkAnswers, Linked
from server.usecases.appointments.changeable import Changed
from server.usecases.idempotency import Write
from yoyaku.v1 import appointment_link_messages_pb2 as links
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_pb2
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceServicer


class AppointmentLinkServicer(AppointmentServiceServicer):
    """The methods of AppointmentService that need a link instead of an account."""

    _by_link: LinkAnswers

    async def GetAppointmentByLink(
        self, request: pb.GetAppointmentByLinkRequest, context: object
    ) -> pb.GetAppointmentByLinkResponse:
        return pb.GetAppointmentByLinkResponse(appointment=_linked(await self._by_link.get(request.link_token)))

    async def ConfirmAppointmentByLink(
        self, request: pb.ConfirmAppointmentByLinkRequest, context: object
    ) -> pb.ConfirmAppointmentByLinkResponse:
        return pb.ConfirmAppointmentByLinkResponse(appointment=_linked(await self._by_link.confirm(request.link_token)))

    async def CancelAppointmentByLink(
        self, request: pb.CancelAppointmentByLinkRequest, context: object
    ) -> pb.CancelAppointmentByLinkResponse:
        write = idempotent_write(ANYBODY, request, request.request_id, _cancelled, pb.CancelAppointmentByLinkResponse)
        return await self._by_link.cancel(request.link_token, write)

    async def ListSlotsByLink(self, request: pb.ListSlotsByLinkRequest, context: object) -> pb.ListSlotsByLinkResponse:
        found = await self._by_link.slots(request.link_token, to_date("date", request.date))
        return pb.ListSlotsByLinkResponse(slots=schedules.ListAvailableSlotsResponse.FromString(found).slots)

    async def RescheduleByLink(
        self, request: pb.RescheduleByLinkRequest, context: object
    ) -> pb.RescheduleByLinkResponse:
        # Not sent again under an id: a move ends its link.
        answer = pb.RescheduleByLinkResponse
        write: Write[Changed, pb.RescheduleByLinkResponse] = Write(
            ANYBODY.id, "", b"", lambda _: answer(), answer.SerializeToString, answer.FromString
        )
        return await self._by_link.reschedule(
            request.link_token, from_timestamp("start_time", request.start_time), write
        )

    async def AnswerMoveByLink(
        self, request: pb.AnswerMoveByLinkRequest, context: object
    ) -> pb.AnswerMoveByLinkResponse:
        answer = pb.AnswerMoveByLinkResponse
        if not request.HasField("start_time"):
            await self._by_link.decline_move(request.link_token)
            return answer()
        # Not sent again under an id: a move ends its link.
        write: Write[Changed, pb.AnswerMoveByLinkResponse] = Write(
            ANYBODY.id, "", b"", lambda _: answer(), answer.SerializeToString, answer.FromString
        )
        start_at = from_timestamp("start_time", request.start_time)
        return await self._by_link.accept_move(request.link_token, start_at, write)

    async def CheckInByLink(self, request: pb.CheckInByLinkRequest, context: object) -> pb.CheckInByLinkResponse:
        write = idempotent_write(ANYBODY, request, request.request_id, _checked_in, pb.CheckInByLinkResponse)
        return await self._by_link.check_in(request.link_token, write)


def _linked(found: Linked) -> links.LinkedAppointment:
    row = found.row
    return links.LinkedAppointment(
        clinic_name=row.clinic_name,
        clinic_address=row.clinic_address,
        clinic_phone=row.clinic_phone,
        time_zone=row.time_zone,
        start_time=to_timestamp(row.start_at),
        end_time=to_timestamp(row.end_at),
        status=to_status(row.status),
        confirm_time=to_timestamp(row.confirmed_at) if row.confirmed_at else None,
        change_by_time=to_timestamp(row.start_at - timedelta(minutes=row.cancel_by_minutes)),
        check_in_open_time=to_timestamp(found.check_in_opens_at),
        ticket=to_ticket(found.ticket) if found.ticket else None,
        move_offer=_offer(found, found.offer.expires_at) if found.offer and found.offer.expires_at else None,
    )


def _offer(found: Linked, expires_at: datetime) -> links.MoveOffer:
    same, other = schedule_pb2.ALTERNATIVE_REASON_SAME_DOCTOR, schedule_pb2.ALTERNATIVE_REASON_SAME_SPECIALTY
    options = [
        links.MoveOption(
            start_time=to_timestamp(each.start_at),
            end_time=to_timestamp(each.end_at),
            reason=same if each.doctor_id == found.row.doctor_id else other,
        )
        for each in found.held
    ]
    return links.MoveOffer(expire_time=to_timestamp(expires_at), options=options)


def _cancelled(_: Changed) -> pb.CancelAppointmentByLinkResponse:
    return pb.CancelAppointmentByLinkResponse()


def _checked_in(changed: Changed) -> pb.CheckInByLinkResponse:
    return pb.CheckInByLinkResponse(ticket=to_ticket(changed.ticket) if changed.ticket else None)
