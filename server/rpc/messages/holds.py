"""Answers about holds."""

from server.rpc.messages.convert import to_appointment
from server.usecases.appointments.booked import Booked
from server.usecases.appointments.changeable import Changed
from yoyaku.v1 import appointment_service_pb2 as pb


def slot_held(booked: Booked) -> pb.HoldSlotResponse:
    """The answer to a request that holds a slot."""
    return pb.HoldSlotResponse(appointment=to_appointment(booked.appointment), revision=booked.revision)


def hold_confirmed(changed: Changed) -> pb.ConfirmHoldResponse:
    """The answer to a request that confirms a hold."""
    return pb.ConfirmHoldResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)


def hold_released(changed: Changed) -> pb.ReleaseHoldResponse:
    """The answer to a request that gives a held slot back."""
    return pb.ReleaseHoldResponse(appointment=to_appointment(changed.appointment), revision=changed.revision)
