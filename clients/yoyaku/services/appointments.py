"""AppointmentService: book, show, move and cancel appointments, and follow their changes."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from yoyaku.methods import ClientMethod, Each, Rows
from yoyaku.services.links import LinkCalls
from yoyaku.v1 import appointment_pb2
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.wire import Day, Instant, WallTime, day_text, timestamp, wall_text, write_id


class AppointmentCalls(LinkCalls):
    """The calls of AppointmentService. A slot is given by `date` and `time_slot`, or by its `start`."""

    @ClientMethod
    async def create_appointment(
        self,
        *,
        patient_id: str,
        doctor_id: str,
        date: Day | None = None,
        time_slot: WallTime | None = None,
        start: Instant | None = None,
        reason: str = "",
        override_reason: str = "",
        appointment_type_id: str = "",
        request_id: str = "",
    ) -> pb.CreateAppointmentResponse:
        """Book a slot (SlotTaken, AmbiguousTime, PatientBusy, Refused, NotFound, NotAllowed)."""
        request = pb.CreateAppointmentRequest(
            patient_id=patient_id,
            doctor_id=doctor_id,
            date=day_text(date),
            time_slot=wall_text(time_slot),
            start_time=timestamp(start),
            reason=reason,
            override_reason=override_reason,
            appointment_type_id=appointment_type_id,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AppointmentServiceStub).CreateAppointment, request)

    @ClientMethod
    async def hold_slot(
        self,
        *,
        patient_id: str,
        doctor_id: str,
        date: Day | None = None,
        time_slot: WallTime | None = None,
        start: Instant | None = None,
        reason: str = "",
        override_reason: str = "",
        appointment_type_id: str = "",
        request_id: str = "",
    ) -> pb.HoldSlotResponse:
        """Hold a slot for some minutes (as create_appointment)."""
        request = pb.HoldSlotRequest(
            patient_id=patient_id,
            doctor_id=doctor_id,
            date=day_text(date),
            time_slot=wall_text(time_slot),
            start_time=timestamp(start),
            reason=reason,
            override_reason=override_reason,
            appointment_type_id=appointment_type_id,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(AppointmentServiceStub).HoldSlot, request)

    @ClientMethod
    async def confirm_hold(
        self, appointment_id: str, *, etag: str = "", request_id: str = ""
    ) -> pb.ConfirmHoldResponse:
        """Book a held slot (Refused once it has run out, NotFound, EtagMismatch)."""
        request = pb.ConfirmHoldRequest(appointment_id=appointment_id, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).ConfirmHold, request)

    @ClientMethod
    async def release_hold(
        self, appointment_id: str, *, etag: str = "", request_id: str = ""
    ) -> pb.ReleaseHoldResponse:
        """Give a held slot back (Refused, NotFound, EtagMismatch)."""
        request = pb.ReleaseHoldRequest(appointment_id=appointment_id, etag=etag, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).ReleaseHold, request)

    @ClientMethod
    async def get_appointment(self, appointment_id: str) -> pb.GetAppointmentResponse:
        """One appointment (NotFound)."""
        request = pb.GetAppointmentRequest(appointment_id=appointment_id)
        return await self._call(self._stub(AppointmentServiceStub).GetAppointment, request)

    @ClientMethod
    async def batch_get_appointments(self, appointment_ids: Iterable[str]) -> pb.BatchGetAppointmentsResponse:
        """1 to 100 appointments, in the requested order (NotFound, NotAllowed)."""
        request = pb.BatchGetAppointmentsRequest(appointment_ids=appointment_ids)
        return await self._call(self._stub(AppointmentServiceStub).BatchGetAppointments, request)

    @ClientMethod
    async def list_appointments(
        self,
        *,
        patient_id: str = "",
        doctor_id: str = "",
        clinic_id: str = "",
        date: Day | None = None,
        statuses: "Iterable[appointment_pb2.AppointmentStatus.ValueType]" = (),
        newest_first: bool = False,
        size: int = 0,
        page_token: str = "",
    ) -> pb.ListAppointmentsResponse:
        """A page of a patient's appointments, or of a doctor's or a clinic's on a date (NotAllowed)."""
        request = pb.ListAppointmentsRequest(
            patient_id=patient_id,
            doctor_id=doctor_id,
            clinic_id=clinic_id,
            date=day_text(date),
            status=statuses,
            sort="appointment_date,desc" if newest_first else "",
            size=size,
            page_token=page_token,
        )
        return await self._call(self._stub(AppointmentServiceStub).ListAppointments, request)

    appointments = Rows(list_appointments, lambda page: page.appointments)

    @ClientMethod
    async def list_appointment_events(
        self, appointment_id: str, *, size: int = 0, page_token: str = ""
    ) -> pb.ListAppointmentEventsResponse:
        """A page of what happened to an appointment, the oldest first (NotFound)."""
        request = pb.ListAppointmentEventsRequest(appointment_id=appointment_id, size=size, page_token=page_token)
        return await self._call(self._stub(AppointmentServiceStub).ListAppointmentEvents, request)

    appointment_events = Rows(list_appointment_events, lambda page: page.events)

    @ClientMethod
    async def reschedule_appointment(
        self,
        appointment_id: str,
        *,
        date: Day | None = None,
        time_slot: WallTime | None = None,
        start: Instant | None = None,
        doctor_id: str = "",
        etag: str = "",
        override_reason: str = "",
        request_id: str = "",
    ) -> pb.RescheduleAppointmentResponse:
        """Move an appointment to another slot, of another doctor if given (as create; EtagMismatch)."""
        request = self.reschedule_request(
            appointment_id, date=date, time_slot=time_slot, start=start, doctor_id=doctor_id, etag=etag
        )
        request.override_reason = override_reason
        request.request_id = write_id(request_id)
        return await self._call(self._stub(AppointmentServiceStub).RescheduleAppointment, request)

    @ClientMethod
    async def cancel_appointment(
        self, appointment_id: str, *, reason: str = "", etag: str = "", request_id: str = ""
    ) -> pb.CancelAppointmentResponse:
        """Cancel an appointment (Refused, NotFound, EtagMismatch)."""
        request = pb.CancelAppointmentRequest(
            appointment_id=appointment_id, reason=reason, etag=etag, request_id=write_id(request_id)
        )
        return await self._call(self._stub(AppointmentServiceStub).CancelAppointment, request)

    @staticmethod
    def reschedule_request(
        appointment_id: str,
        *,
        date: Day | None = None,
        time_slot: WallTime | None = None,
        start: Instant | None = None,
        doctor_id: str = "",
        etag: str = "",
    ) -> pb.RescheduleAppointmentRequest:
        """One move for `batch_reschedule`."""
        return pb.RescheduleAppointmentRequest(
            appointment_id=appointment_id,
            doctor_id=doctor_id,
            date=day_text(date),
            time_slot=wall_text(time_slot),
            start_time=timestamp(start),
            etag=etag,
        )

    @ClientMethod
    async def batch_reschedule(
        self, moves: Iterable[pb.RescheduleAppointmentRequest], *, request_id: str = ""
    ) -> pb.BatchRescheduleResponse:
        """Make 1 to 100 moves, one after the other; one result for each, in the same order (NotAllowed).

        A refused move has an `error` in its result, which `error_of_status` turns into an exception.
        """
        request = pb.BatchRescheduleRequest(requests=moves, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).BatchReschedule, request)

    @ClientMethod
    async def batch_cancel(
        self, appointment_ids: Iterable[str], *, reason: str = "", request_id: str = ""
    ) -> pb.BatchCancelResponse:
        """Cancel 1 to 100 appointments for one reason; results as in `batch_reschedule` (NotAllowed)."""
        requests = [pb.CancelAppointmentRequest(appointment_id=each, reason=reason) for each in appointment_ids]
        request = pb.BatchCancelRequest(requests=requests, request_id=write_id(request_id))
        return await self._call(self._stub(AppointmentServiceStub).BatchCancel, request)

    @Each
    async def watch_appointments(
        self, clinic_id: str, *, after: str = ""
    ) -> AsyncGenerator[pb.WatchAppointmentsResponse, None]:
        """Every change of a clinic's appointments after a position, or from now on; survives lost connections.

        Messages without a `change` are heartbeats: all changes up to their `position` have been sent. Store the last
        position to continue from it later (FeedCompacted after seven days, NotFound, NotAllowed).
        """

        def request() -> pb.WatchAppointmentsRequest:
            return pb.WatchAppointmentsRequest(clinic_id=clinic_id, after=after)

        name = "yoyaku.v1.AppointmentService/WatchAppointments"
        async with aclosing(
            self._watch(name, self._stub(AppointmentServiceStub).WatchAppointments, request)
        ) as messages:
            async for message in messages:
                after = message.position
                yield message
