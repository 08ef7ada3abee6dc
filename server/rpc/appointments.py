"""AppointmentService."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

import grpc

from server.domain.availability import Wanted
from server.rpc.calls import caller, created, tagged
from server.rpc.convert import fill_appointment, from_statuses, from_timestamp, to_appointment, to_optional_date
from server.rpc.feed import to_message
from server.rpc.writing import writing
from server.usecases.appointments import Appointments, Listing
from server.usecases.booking import Booked, Booking, NewBooking
from server.usecases.changing import Cancellation, Changed, Changing, Move
from server.usecases.feed import Feed
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_pb2
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceServicer


class AppointmentServicer(AppointmentServiceServicer):
    """Books, shows, moves and cancels appointments, and tells their changes."""

    def __init__(self, appointments: Appointments, booking: Booking, changing: Changing, feed: Feed) -> None:
        self._appointments = appointments
        self._booking = booking
        self._changing = changing
        self._feed = feed

    async def CreateAppointment(
        self, request: pb.CreateAppointmentRequest, context: object
    ) -> pb.CreateAppointmentResponse:
        booking = NewBooking(
            request.patient_id.lower(),
            request.doctor_id.lower(),
            _wanted(request),
            request.reason,
            request.override_reason,
        )
        write = writing(caller(), request, request.request_id, _booked, pb.CreateAppointmentResponse)
        response = await self._booking.create(caller(), booking, write)
        created(f"/api/appointments/{response.appointment.id}", response.appointment.etag)
        return response

    async def GetAppointment(self, request: pb.GetAppointmentRequest, context: object) -> pb.GetAppointmentResponse:
        row, revision = await self._appointments.get(caller(), request.appointment_id.lower())
        response = pb.GetAppointmentResponse(appointment=to_appointment(row), revision=revision)
        tagged(response.appointment.etag)
        return response

    async def ListAppointments(
        self, request: pb.ListAppointmentsRequest, context: object
    ) -> pb.ListAppointmentsResponse:
        rows, next_page_token = await self._appointments.list(caller(), _listing(request))
        response = pb.ListAppointmentsResponse(next_page_token=next_page_token)
        for row in rows:
            fill_appointment(response.appointments.add(), row)
        return response

    async def BatchGetAppointments(
        self, request: pb.BatchGetAppointmentsRequest, context: object
    ) -> pb.BatchGetAppointmentsResponse:
        wanted = [each.lower() for each in request.appointment_ids]
        rows = await self._appointments.batch_get(caller(), wanted)
        return pb.BatchGetAppointmentsResponse(appointments=map(to_appointment, rows))

    async def RescheduleAppointment(
        self, request: pb.RescheduleAppointmentRequest, context: object
    ) -> pb.RescheduleAppointmentResponse:
        move = Move(request.appointment_id.lower(), request.doctor_id.lower(), _wanted(request), request.etag)
        write = writing(caller(), request, request.request_id, _moved, pb.RescheduleAppointmentResponse)
        response = await self._changing.reschedule(caller(), move, write)
        tagged(response.appointment.etag)
        return response

    async def CancelAppointment(
        self, request: pb.CancelAppointmentRequest, context: object
    ) -> pb.CancelAppointmentResponse:
        cancellation = Cancellation(request.appointment_id.lower(), request.reason, request.etag)
        write = writing(caller(), request, request.request_id, _cancelled, pb.CancelAppointmentResponse)
        response = await self._changing.cancel(caller(), cancellation, write)
        tagged(response.appointment.etag)
        return response

    async def WatchAppointments(  # type: ignore[override]  # bytes, see server.rpc.streaming
        self,
        request: pb.WatchAppointmentsRequest,
        context: grpc.aio.ServicerContext[pb.WatchAppointmentsRequest, bytes],
    ) -> AsyncGenerator[bytes, None]:
        told = self._feed.watch(caller(), request.clinic_id.lower(), request.after, context.time_remaining())
        async with aclosing(told):
            async for each in told:
                yield to_message(each)


def _wanted(request: pb.CreateAppointmentRequest | pb.RescheduleAppointmentRequest) -> Wanted:
    start = from_timestamp("start_time", request.start_time) if request.HasField("start_time") else None
    return Wanted(to_optional_date("date", request.date), request.time_slot, start)


def _listing(request: pb.ListAppointmentsRequest) -> Listing:
    whose: Literal["patient", "doctor", "clinic"] = (
        "patient" if request.patient_id else "doctor" if request.doctor_id else "clinic"
    )
    return Listing(
        whose=whose,
        id=(request.patient_id or request.doctor_id or request.clinic_id).lower(),
        day=to_optional_date("date", request.date),
        statuses=from_statuses(request.status),
        descending=request.sort.endswith("desc"),
        size=request.size,
        page=request.page,
        page_token=request.page_token,
    )


def _booked(booked: Booked) -> pb.CreateAppointmentResponse:
    return pb.CreateAppointmentResponse(appointment=to_appointment(booked.appointment), revision=booked.revision)


def _moved(changed: Changed) -> pb.RescheduleAppointmentResponse:
    return pb.RescheduleAppointmentResponse(
        appointment=to_appointment(changed.appointment),
        day_revisions=[
            schedule_pb2.DayRevision(doctor_id=row.doctor_id, date=row.date.isoformat(), revision=row.revision)
            for row in changed.revisions
        ],
    )


def _cancelled(changed: Changed) -> pb.CancelAppointmentResponse:
    return pb.CancelAppointmentResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)
