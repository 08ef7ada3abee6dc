"""Answers of writes that book, hold, move and cancel."""

from collections.abc import Sequence

from db.postgres.booking.days import DayRow
from server.rpc.messages.convert import to_appointment
from server.usecases.appointments.booked import Booked
from server.usecases.appointments.changeable import Changed
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_pb2


def slot_held(booked: Booked) -> pb.HoldSlotResponse:
    """The answer to a request that holds a slot."""
    return pb.HoldSlotResponse(appointment=to_appointment(booked.appointment), revision=booked.revision)


def hold_confirmed(changed: Changed) -> pb.ConfirmHoldResponse:
    """The answer to a request that confirms a hold."""
    return pb.ConfirmHoldResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)


def hold_released(changed: Changed) -> pb.ReleaseHoldResponse:
    """The answer to a request that gives a held slot back."""
    return pb.ReleaseHoldResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)


def booked_answer(booked: Booked) -> pb.CreateAppointmentResponse:
    """The answer to a request that books a slot."""
    return pb.CreateAppointmentResponse(appointment=to_appointment(booked.appointment), revision=booked.revision)


def moved_answer(changed: Changed) -> pb.RescheduleAppointmentResponse:
    """The answer to a request that moves an appointment."""
    return pb.RescheduleAppointmentResponse(
        appointment=to_appointment(changed.appointment),
        day_revisions=day_revisions(changed.revisions),
    )


def resource_swapped(changed: Changed) -> pb.SwapResourceResponse:
    """The answer to a request that swaps a room or a device."""
    return pb.SwapResourceResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)


def cancelled_answer(changed: Changed) -> pb.CancelAppointmentResponse:
    """The answer to a request that cancels an appointment."""
    return pb.CancelAppointmentResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)


def day_revisions(rows: Sequence[DayRow]) -> list[schedule_pb2.DayRevision]:
    """The new revisions of days."""
    return [
        schedule_pb2.DayRevision(doctor_id=row.doctor_id, date=row.date.isoformat(), revision=row.revision)
        for row in rows
    ]
