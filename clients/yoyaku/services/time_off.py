"""ScheduleService: time off and extra sessions."""

from collections.abc import Mapping

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from yoyaku.v1.time_off_pb2 import TimeOffAction
from yoyaku.wire import Day, Instant, WallTime, day_text, timestamp, wall_text, write_id


def exceptions_of(actions: "Mapping[str, TimeOffAction.ValueType] | None") -> list[pb.TimeOffException]:
    """What to do otherwise with some appointments, by their ids."""
    found = (actions or {}).items()
    return [pb.TimeOffException(appointment_id=appointment_id, action=action) for appointment_id, action in found]


class TimeOffCalls(ServiceCalls):
    """The calls with which staff take time out of working hours, and add sessions to them."""

    @ClientMethod
    async def add_session(
        self,
        doctor_id: str,
        *,
        date: Day,
        start: WallTime,
        end: WallTime,
        slot_minutes: int,
        capacity: int = 1,
        request_id: str = "",
    ) -> pb.AddSessionResponse:
        """Add a session on a single date, beside the working hours (NotFound, NotAllowed)."""
        request = pb.AddSessionRequest(
            doctor_id=doctor_id,
            date=day_text(date),
            start=wall_text(start),
            end=wall_text(end),
            slot_minutes=slot_minutes,
            capacity=capacity,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).AddSession, request)

    @ClientMethod
    async def remove_session(
        self, doctor_id: str, *, date: Day, start: WallTime, request_id: str = ""
    ) -> pb.RemoveSessionResponse:
        """Remove the session that starts then; its appointments stay, and are named (NotFound, NotAllowed)."""
        request = pb.RemoveSessionRequest(
            doctor_id=doctor_id, date=day_text(date), start=wall_text(start), request_id=write_id(request_id)
        )
        return await self._call(self._stub(ScheduleServiceStub).RemoveSession, request)

    @ClientMethod
    async def preview_time_off(self, doctor_id: str, *, start: Instant, end: Instant) -> pb.PreviewTimeOffResponse:
        """The appointments that time off would meet (NotFound, NotAllowed)."""
        request = pb.PreviewTimeOffRequest(doctor_id=doctor_id, start_time=timestamp(start), end_time=timestamp(end))
        return await self._call(self._stub(ScheduleServiceStub).PreviewTimeOff, request)

    @ClientMethod
    async def create_time_off(
        self,
        doctor_id: str,
        *,
        start: Instant,
        end: Instant,
        reason: str = "",
        action: "TimeOffAction.ValueType" = TimeOffAction.TIME_OFF_ACTION_KEEP,
        exceptions: "Mapping[str, TimeOffAction.ValueType] | None" = None,
        request_id: str = "",
    ) -> pb.CreateTimeOffResponse:
        """Make time off; `exceptions` says what to do otherwise with some appointments (NotFound, NotAllowed)."""
        request = pb.CreateTimeOffRequest(
            doctor_id=doctor_id,
            start_time=timestamp(start),
            end_time=timestamp(end),
            reason=reason,
            action=action,
            exceptions=exceptions_of(exceptions),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).CreateTimeOff, request)

    @ClientMethod
    async def get_time_off(self, time_off_id: str) -> pb.GetTimeOffResponse:
        """One time off, and what became of the appointments that it met (NotFound)."""
        return await self._call(
            self._stub(ScheduleServiceStub).GetTimeOff, pb.GetTimeOffRequest(time_off_id=time_off_id)
        )

    @ClientMethod
    async def list_time_off(self, doctor_id: str, *, size: int = 0, page_token: str = "") -> pb.ListTimeOffResponse:
        """A page of a doctor's time off, the latest first (NotFound, NotAllowed)."""
        request = pb.ListTimeOffRequest(doctor_id=doctor_id, size=size, page_token=page_token)
        return await self._call(self._stub(ScheduleServiceStub).ListTimeOff, request)

    @ClientMethod
    async def list_move_offers(
        self, clinic_id: str, *, size: int = 0, page_token: str = ""
    ) -> pb.ListMoveOffersResponse:
        """A page of a clinic's offers to move that no patient has answered yet (NotAllowed)."""
        request = pb.ListMoveOffersRequest(clinic_id=clinic_id, size=size, page_token=page_token)
        return await self._call(self._stub(ScheduleServiceStub).ListMoveOffers, request)

    @ClientMethod
    async def resend_move_offer(self, appointment_id: str, *, request_id: str = "") -> pb.ResendMoveOfferResponse:
        """Send the message of an offer to move again (NotFound, Refused if it is over, Unavailable within a minute)."""
        request = pb.ResendMoveOfferRequest(appointment_id=appointment_id, request_id=write_id(request_id))
        return await self._call(self._stub(ScheduleServiceStub).ResendMoveOffer, request)

    @ClientMethod
    async def withdraw_move_offer(self, appointment_id: str, *, request_id: str = "") -> pb.WithdrawMoveOfferResponse:
        """End an offer to move; the appointment stays as it is (NotFound, Refused if it is over)."""
        request = pb.WithdrawMoveOfferRequest(appointment_id=appointment_id, request_id=write_id(request_id))
        return await self._call(self._stub(ScheduleServiceStub).WithdrawMoveOffer, request)

    @ClientMethod
    async def accept_move_offer(
        self, appointment_id: str, *, doctor_id: str, start_time: Instant, request_id: str = ""
    ) -> pb.AcceptMoveOfferResponse:
        """Accept a time of an offer for the patient: the appointment moves there (NotFound, Refused if it is over)."""
        request = pb.AcceptMoveOfferRequest(
            appointment_id=appointment_id,
            doctor_id=doctor_id,
            start_time=timestamp(start_time),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).AcceptMoveOffer, request)

    @ClientMethod
    async def delete_time_off(self, time_off_id: str, *, request_id: str = "") -> pb.DeleteTimeOffResponse:
        """Delete time off: its slots can be booked again (NotFound)."""
        request = pb.DeleteTimeOffRequest(time_off_id=time_off_id, request_id=write_id(request_id))
        return await self._call(self._stub(ScheduleServiceStub).DeleteTimeOff, request)
