"""AppointmentService: series of appointments."""

from yoyaku.methods import ClientMethod
from yoyaku.services.visits import VisitCalls
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.wire import Day, WallTime, day_text, wall_text, write_id


class SeriesCalls(VisitCalls):
    """The calls of AppointmentService that book, move and cancel series."""

    @ClientMethod
    async def create_appointment_series(
        self,
        *,
        patient_id: str,
        doctor_id: str,
        date: Day,
        time_slot: WallTime,
        recurrence: pb.Recurrence,
        reason: str = "",
        override_reason: str = "",
        appointment_type_id: str = "",
        skip_refused: bool = False,
        validate_only: bool = False,
        request_id: str = "",
    ) -> pb.CreateAppointmentSeriesResponse:
        """Book appointments at the same time of weeks or months; an answer for each date."""
        request = pb.CreateAppointmentSeriesRequest(
            patient_id=patient_id,
            doctor_id=doctor_id,
            date=day_text(date),
            time_slot=wall_text(time_slot),
            recurrence=recurrence,
            reason=reason,
            override_reason=override_reason,
            appointment_type_id=appointment_type_id,
            skip_refused=skip_refused,
            validate_only=validate_only,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AppointmentServiceStub).CreateAppointmentSeries, request)

    @ClientMethod
    async def reschedule_appointment_series(
        self,
        appointment_id: str,
        *,
        date: Day,
        time_slot: WallTime,
        override_reason: str = "",
        skip_refused: bool = False,
        validate_only: bool = False,
        request_id: str = "",
    ) -> pb.RescheduleAppointmentSeriesResponse:
        """Move an appointment and those of its series that follow, all just as far; an answer for each."""
        request = pb.RescheduleAppointmentSeriesRequest(
            appointment_id=appointment_id,
            date=day_text(date),
            time_slot=wall_text(time_slot),
            override_reason=override_reason,
            skip_refused=skip_refused,
            validate_only=validate_only,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AppointmentServiceStub).RescheduleAppointmentSeries, request)

    @ClientMethod
    async def cancel_appointment_series(
        self, appointment_id: str, *, reason: str = "", request_id: str = ""
    ) -> pb.CancelAppointmentSeriesResponse:
        """Cancel an appointment and those of its series that follow (as cancel_appointment)."""
        request = pb.CancelAppointmentSeriesRequest(
            appointment_id=appointment_id, reason=reason, request_id=write_id(request_id)
        )
        return await self._call(self._stub(AppointmentServiceStub).CancelAppointmentSeries, request)
