"""AppointmentService."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import lru_cache, partial
from typing import Any, Literal

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from db.postgres.booking.appointment_lists import AppointmentFilters
from db.postgres.booking.appointments import AppointmentRow
from server.domain.booking.availability import Wanted
from server.domain.errors import DomainError
from server.rpc.calls.current_call import caller, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.calls.streaming import watcher
from server.rpc.messages.bookings import (
    booked_answer,
    cancelled_answer,
    moved_answer,
    slot_held,
)
from server.rpc.messages.convert import (
    fill_appointment,
    from_statuses,
    from_timestamp,
    to_appointment,
    to_optional_date,
)
from server.rpc.messages.errors import status_of
from server.rpc.messages.feed import to_history_entry, to_message
from server.rpc.servicers.appointment_links import AppointmentLinkServicer
from server.rpc.servicers.appointment_series import AppointmentSeriesServicer
from server.usecases.appointments.batch import Batches
from server.usecases.appointments.book import Booker, NewBooking
from server.usecases.appointments.by_link import LinkAnswers
from server.usecases.appointments.cancel import Cancellation, Canceller
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.feed import Feed
from server.usecases.appointments.holds.ends import Holds
from server.usecases.appointments.read import Appointments
from server.usecases.appointments.reschedule import Move, Rescheduler
from server.usecases.appointments.resources.swap import ResourceSwapper
from server.usecases.appointments.series.cancel import SeriesCanceller
from server.usecases.appointments.series.create import SeriesBooker
from server.usecases.appointments.series.move import SeriesMover
from server.usecases.appointments.status import StatusChanger
from server.usecases.idempotency import Write, part_of
from yoyaku.v1 import appointment_service_pb2 as pb

_REMEMBERED = 4_000
"""Appointments kept as bytes, about 2 kB each."""


class AppointmentServicer(AppointmentSeriesServicer, AppointmentLinkServicer):
    """Books, shows, moves and cancels appointments, and streams their changes."""

    def __init__(
        self,
        appointments: Appointments,
        booker: Booker,
        rescheduler: Rescheduler,
        canceller: Canceller,
        holds: Holds,
        series: SeriesBooker,
        series_mover: SeriesMover,
        series_canceller: SeriesCanceller,
        swapper: ResourceSwapper,
        status: StatusChanger,
        batches: Batches,
        feed: Feed,
        by_link: LinkAnswers,
    ) -> None:
        self._appointments = appointments
        self._booker = booker
        self._rescheduler = rescheduler
        self._canceller = canceller
        self._holds = holds
        self._series = series
        self._series_mover = series_mover
        self._series_canceller = series_canceller
        self._swapper = swapper
        self._status = status
        self._batches = batches
        self._feed = feed
        self._by_link = by_link

    async def CreateAppointment(
        self, request: pb.CreateAppointmentRequest, context: object
    ) -> pb.CreateAppointmentResponse:
        booking = NewBooking(
            request.patient_id.lower(),
            request.doctor_id.lower(),
            _wanted(request),
            request.reason,
            request.override_reason,
            request.appointment_type_id.lower(),
        )
        write = idempotent_write(caller(), request, request.request_id, booked_answer, pb.CreateAppointmentResponse)
        response = await self._booker.create(caller(), booking, write)
        set_location(f"/api/appointments/{response.appointment.id}", response.appointment.etag)
        return response

    async def HoldSlot(self, request: pb.HoldSlotRequest, context: object) -> pb.HoldSlotResponse:
        whose = (request.patient_id.lower(), request.doctor_id.lower(), _wanted(request), request.reason)
        booking = NewBooking(*whose, request.override_reason, request.appointment_type_id.lower(), hold=True)
        write = idempotent_write(caller(), request, request.request_id, slot_held, pb.HoldSlotResponse)
        response = await self._booker.create(caller(), booking, write)
        set_etag(response.appointment.etag)
        return response

    async def GetAppointment(self, request: pb.GetAppointmentRequest, context: object) -> pb.GetAppointmentResponse:
        row, revision = await self._appointments.get(caller(), request.appointment_id.lower())
        response = pb.GetAppointmentResponse(appointment=to_appointment(row), revision=revision)
        set_etag(response.appointment.etag)
        return response

    async def ListAppointments(  # type: ignore[override]  # ready bytes
        self, request: pb.ListAppointmentsRequest, context: object
    ) -> bytes:
        rows, next_page_token = await self._appointments.list(
            caller(), _filters(request), request.size, page=request.page, page_token=request.page_token
        )
        return b"".join(map(_listed, rows)) + _page_end(next_page_token)

    async def BatchGetAppointments(
        self, request: pb.BatchGetAppointmentsRequest, context: object
    ) -> pb.BatchGetAppointmentsResponse:
        wanted = [each.lower() for each in request.appointment_ids]
        rows = await self._appointments.batch_get(caller(), wanted)
        return pb.BatchGetAppointmentsResponse(appointments=map(to_appointment, rows))

    async def ListAppointmentEvents(
        self, request: pb.ListAppointmentEventsRequest, context: object
    ) -> pb.ListAppointmentEventsResponse:
        rows, next_page_token = await self._appointments.history(
            caller(), request.appointment_id.lower(), request.size, request.page_token
        )
        return pb.ListAppointmentEventsResponse(events=map(to_history_entry, rows), next_page_token=next_page_token)

    async def RescheduleAppointment(
        self, request: pb.RescheduleAppointmentRequest, context: object
    ) -> pb.RescheduleAppointmentResponse:
        response = await self._rescheduler.reschedule(caller(), *_move(request, request.request_id))
        set_etag(response.appointment.etag)
        return response

    async def CancelAppointment(
        self, request: pb.CancelAppointmentRequest, context: object
    ) -> pb.CancelAppointmentResponse:
        response = await self._canceller.cancel(caller(), *_cancellation(request, request.request_id))
        set_etag(response.appointment.etag)
        return response

    async def BatchReschedule(self, request: pb.BatchRescheduleRequest, context: object) -> pb.BatchRescheduleResponse:
        moves = [
            partial(self._rescheduler.reschedule, caller(), *_move(each, part_of(request.request_id, number)))
            for number, each in enumerate(request.requests)
        ]
        whole = idempotent_write(caller(), request, request.request_id, _begun, Empty)
        outcomes = zip(request.requests, await self._batches.each(caller(), whole, moves), strict=True)
        results = [pb.BatchRescheduleResult(**_result(each, "rescheduled", outcome)) for each, outcome in outcomes]
        return pb.BatchRescheduleResponse(results=results)

    async def BatchCancel(self, request: pb.BatchCancelRequest, context: object) -> pb.BatchCancelResponse:
        cancellations = [
            partial(self._canceller.cancel, caller(), *_cancellation(each, part_of(request.request_id, number)))
            for number, each in enumerate(request.requests)
        ]
        whole = idempotent_write(caller(), request, request.request_id, _begun, Empty)
        outcomes = zip(request.requests, await self._batches.each(caller(), whole, cancellations), strict=True)
        results = [pb.BatchCancelResult(**_result(each, "cancelled", outcome)) for each, outcome in outcomes]
        return pb.BatchCancelResponse(results=results)

    async def WatchAppointments(  # type: ignore[override]  # bytes, see server.rpc.calls.streaming
        self,
        request: pb.WatchAppointmentsRequest,
        context: grpc.aio.ServicerContext[pb.WatchAppointmentsRequest, bytes],
    ) -> AsyncGenerator[bytes, None]:
        messages = self._feed.watch(watcher(context), request.clinic_id.lower(), request.after)
        async with aclosing(messages):
            async for each in messages:
                yield to_message(each)


def _wanted(request: pb.CreateAppointmentRequest | pb.HoldSlotRequest | pb.RescheduleAppointmentRequest) -> Wanted:
    start = from_timestamp("start_time", request.start_time) if request.HasField("start_time") else None
    return Wanted(to_optional_date("date", request.date), request.time_slot, start)


# Screens keep asking for lists that hardly change.
@lru_cache(maxsize=_REMEMBERED)
def _listed(row: AppointmentRow) -> bytes:
    """A ListAppointmentsResponse with one appointment; the bytes of several, joined, are a response with them all."""
    response = pb.ListAppointmentsResponse()
    fill_appointment(response.appointments.add(), row)
    return response.SerializeToString()


def _page_end(next_page_token: str) -> bytes:
    return pb.ListAppointmentsResponse(next_page_token=next_page_token).SerializeToString()


def _filters(request: pb.ListAppointmentsRequest) -> AppointmentFilters:
    whose: Literal["patient", "doctor", "clinic"] = (
        "patient" if request.patient_id else "doctor" if request.doctor_id else "clinic"
    )
    return AppointmentFilters(
        whose=whose,
        id=(request.patient_id or request.doctor_id or request.clinic_id).lower(),
        date=to_optional_date("date", request.date),
        statuses=from_statuses(request.status),
        descending=request.sort.endswith("desc"),
    )


def _move(
    request: pb.RescheduleAppointmentRequest, request_id: str
) -> tuple[Move, Write[Changed, pb.RescheduleAppointmentResponse]]:
    where = (request.doctor_id.lower(), _wanted(request))
    move = Move(request.appointment_id.lower(), *where, request.etag, override_reason=request.override_reason)
    return move, idempotent_write(caller(), request, request_id, moved_answer, pb.RescheduleAppointmentResponse)


def _cancellation(
    request: pb.CancelAppointmentRequest, request_id: str
) -> tuple[Cancellation, Write[Changed, pb.CancelAppointmentResponse]]:
    cancellation = Cancellation(request.appointment_id.lower(), request.reason, request.etag)
    return cancellation, idempotent_write(caller(), request, request_id, cancelled_answer, pb.CancelAppointmentResponse)


def _begun(_: None) -> Empty:
    """The remembered answer of the batch as a whole: each change in it has an answer of its own."""
    return Empty()


def _result(
    request: pb.RescheduleAppointmentRequest | pb.CancelAppointmentRequest, name: str, outcome: Message | DomainError
) -> dict[str, Any]:
    found = {"error": status_of(outcome)} if isinstance(outcome, DomainError) else {name: outcome}
    return {"appointment_id": request.appointment_id.lower(), **found}
