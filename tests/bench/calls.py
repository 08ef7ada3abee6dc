"""The three calls that are measured."""

from typing import NamedTuple


class BenchCall(NamedTuple):
    """One of them: its name here, and its gRPC path."""

    name: str
    path: str


SLOTS = BenchCall("slots", "/yoyaku.v1.ScheduleService/ListAvailableSlots")
LIST = BenchCall("list", "/yoyaku.v1.AppointmentService/ListAppointments")
CREATE = BenchCall("create", "/yoyaku.v1.AppointmentService/CreateAppointment")
