"""The three calls that are measured."""

from typing import NamedTuple


class Call(NamedTuple):
    """One of them: its name here, and its gRPC path."""

    name: str
    path: str


SLOTS = Call("slots", "/yoyaku.v1.ScheduleService/ListAvailableSlots")
LIST = Call("list", "/yoyaku.v1.AppointmentService/ListAppointments")
CREATE = Call("create", "/yoyaku.v1.AppointmentService/CreateAppointment")
