"""AppointmentService: what patients do by the link of a message, without an account."""

from yoyaku.methods import ClientMethod
from yoyaku.services.series import SeriesCalls
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.wire import Day, Instant, day_text, timestamp, write_id


class LinkCalls(SeriesCalls):
    """The calls of AppointmentService that need no sign-in, but the token of a link (Refused: LINK_INVALID)."""

    @ClientMethod
    async def get_appointment_by_link(self, link_token: str) -> pb.GetAppointmentByLinkResponse:
        """The appointment of a link."""
        request = pb.GetAppointmentByLinkRequest(link_token=link_token)
        return await self._call_openly(self._stub(AppointmentServiceStub).GetAppointmentByLink, request)

    @ClientMethod
    async def confirm_appointment_by_link(self, link_token: str) -> pb.ConfirmAppointmentByLinkResponse:
        """Say that the patient will come."""
        request = pb.ConfirmAppointmentByLinkRequest(link_token=link_token)
        return await self._call_openly(self._stub(AppointmentServiceStub).ConfirmAppointmentByLink, request)

    @ClientMethod
    async def cancel_appointment_by_link(
        self, link_token: str, *, request_id: str = ""
    ) -> pb.CancelAppointmentByLinkResponse:
        """Cancel the appointment (Refused)."""
        request = pb.CancelAppointmentByLinkRequest(link_token=link_token, request_id=write_id(request_id))
        return await self._call_openly(self._stub(AppointmentServiceStub).CancelAppointmentByLink, request)

    @ClientMethod
    async def list_slots_by_link(self, link_token: str, date: Day) -> pb.ListSlotsByLinkResponse:
        """The slots of a day to which the appointment can move."""
        request = pb.ListSlotsByLinkRequest(link_token=link_token, date=day_text(date))
        return await self._call_openly(self._stub(AppointmentServiceStub).ListSlotsByLink, request)

    @ClientMethod
    async def reschedule_by_link(self, link_token: str, start: Instant) -> pb.RescheduleByLinkResponse:
        """Move the appointment, which ends the link; a message brings another one (SlotTaken, Refused)."""
        request = pb.RescheduleByLinkRequest(link_token=link_token, start_time=timestamp(start))
        return await self._call_openly(self._stub(AppointmentServiceStub).RescheduleByLink, request)

    @ClientMethod
    async def answer_move_by_link(self, link_token: str, start: Instant | None = None) -> pb.AnswerMoveByLinkResponse:
        """Accept an alternative that is held, which ends the link, or keep the appointment (SlotTaken, Refused)."""
        request = pb.AnswerMoveByLinkRequest(link_token=link_token, start_time=timestamp(start))
        return await self._call_openly(self._stub(AppointmentServiceStub).AnswerMoveByLink, request)

    @ClientMethod
    async def check_in_by_link(self, link_token: str, *, request_id: str = "") -> pb.CheckInByLinkResponse:
        """Check in around the start of the appointment (Refused)."""
        request = pb.CheckInByLinkRequest(link_token=link_token, request_id=write_id(request_id))
        return await self._call_openly(self._stub(AppointmentServiceStub).CheckInByLink, request)
