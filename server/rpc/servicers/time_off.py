"""ScheduleService: time off, the moves that it offers, and extra sessions."""

from server.rpc.calls.current_call import caller, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.schedules import new_session, session_added, session_removed
from server.rpc.messages.time_off import (
    accepted_time,
    new_time_off,
    offer_accepted,
    offer_resent,
    offer_withdrawn,
    period_of,
    time_off_created,
    time_off_deleted,
    to_met,
    to_move_offer,
    to_time_off,
)
from server.usecases.move_offers.by_staff import OffersByStaff
from server.usecases.move_offers.read import MoveOfferReader
from server.usecases.schedules.extra_sessions import ExtraSessions
from server.usecases.time_off.read import TimeOffReader
from server.usecases.time_off.write import TimeOffWriter
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceServicer


class TimeOffServicer(ScheduleServiceServicer):
    """The methods of ScheduleService that are about time off, offers to move, and extra sessions."""

    _extra_sessions: ExtraSessions
    _move_offers: MoveOfferReader
    _offers_by_staff: OffersByStaff
    _time_off: TimeOffReader
    _time_off_writer: TimeOffWriter

    async def AddSession(self, request: pb.AddSessionRequest, context: object) -> pb.AddSessionResponse:
        write = idempotent_write(caller(), request, request.request_id, session_added, pb.AddSessionResponse)
        response = await self._extra_sessions.add(caller(), *new_session(request), write)
        set_etag(response.schedule.etag)
        return response

    async def RemoveSession(self, request: pb.RemoveSessionRequest, context: object) -> pb.RemoveSessionResponse:
        write = idempotent_write(caller(), request, request.request_id, session_removed, pb.RemoveSessionResponse)
        response = await self._extra_sessions.remove(caller(), *new_session(request), write)
        set_etag(response.schedule.etag)
        return response

    async def PreviewTimeOff(self, request: pb.PreviewTimeOffRequest, context: object) -> pb.PreviewTimeOffResponse:
        met = await self._time_off.preview(caller(), request.doctor_id.lower(), period_of(request))
        return pb.PreviewTimeOffResponse(appointments=map(to_met, met))

    async def CreateTimeOff(self, request: pb.CreateTimeOffRequest, context: object) -> pb.CreateTimeOffResponse:
        write = idempotent_write(caller(), request, request.request_id, time_off_created, pb.CreateTimeOffResponse)
        response = await self._time_off_writer.create(caller(), new_time_off(request), write)
        set_location(f"/api/time-off/{response.time_off.id}")
        return response

    async def GetTimeOff(self, request: pb.GetTimeOffRequest, context: object) -> pb.GetTimeOffResponse:
        row, account = await self._time_off.get(caller(), request.time_off_id.lower())
        return pb.GetTimeOffResponse(time_off=to_time_off(row), appointments=map(to_met, account))

    async def ListTimeOff(self, request: pb.ListTimeOffRequest, context: object) -> pb.ListTimeOffResponse:
        doctor_id = request.doctor_id.lower()
        rows, next_page_token = await self._time_off.list(caller(), doctor_id, request.size, request.page_token)
        return pb.ListTimeOffResponse(time_off=map(to_time_off, rows), next_page_token=next_page_token)

    async def ListMoveOffers(self, request: pb.ListMoveOffersRequest, context: object) -> pb.ListMoveOffersResponse:
        clinic_id = request.clinic_id.lower()
        offers, next_page_token = await self._move_offers.list(caller(), clinic_id, request.size, request.page_token)
        return pb.ListMoveOffersResponse(offers=map(to_move_offer, offers), next_page_token=next_page_token)

    async def ResendMoveOffer(self, request: pb.ResendMoveOfferRequest, context: object) -> pb.ResendMoveOfferResponse:
        write = idempotent_write(caller(), request, request.request_id, offer_resent, pb.ResendMoveOfferResponse)
        response = await self._offers_by_staff.resend(caller(), request.appointment_id.lower(), write)
        set_etag(response.appointment.etag)
        return response

    async def WithdrawMoveOffer(
        self, request: pb.WithdrawMoveOfferRequest, context: object
    ) -> pb.WithdrawMoveOfferResponse:
        write = idempotent_write(caller(), request, request.request_id, offer_withdrawn, pb.WithdrawMoveOfferResponse)
        response = await self._offers_by_staff.withdraw(caller(), request.appointment_id.lower(), write)
        set_etag(response.appointment.etag)
        return response

    async def AcceptMoveOffer(self, request: pb.AcceptMoveOfferRequest, context: object) -> pb.AcceptMoveOfferResponse:
        write = idempotent_write(caller(), request, request.request_id, offer_accepted, pb.AcceptMoveOfferResponse)
        response = await self._offers_by_staff.accept(caller(), accepted_time(request), write)
        set_etag(response.appointment.etag)
        return response

    async def DeleteTimeOff(self, request: pb.DeleteTimeOffRequest, context: object) -> pb.DeleteTimeOffResponse:
        write = idempotent_write(caller(), request, request.request_id, time_off_deleted, pb.DeleteTimeOffResponse)
        return await self._time_off_writer.delete(caller(), request.time_off_id.lower(), write)
