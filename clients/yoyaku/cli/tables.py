"""Formats answers for a terminal: tables, with times on the clinic's wall clock."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table

from yoyaku.cli.shown import plain
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentStatus
from yoyaku.v1.clinic_pb2 import Clinic
from yoyaku.v1.doctor_pb2 import Doctor
from yoyaku.v1.notification_pb2 import (
    Notification,
    NotificationKind,
    NotificationOutcome,
    NotificationStatus,
)
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.schedule_pb2 import FoundSlot, Slot
from yoyaku.wire import local_time

_PIPE_WIDTH = 250


def out(table: Table, *, err: bool = False) -> None:
    """Print a table; ids are never truncated, and a pipe gets whole lines."""
    stream = sys.stderr if err else sys.stdout
    Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False).print(table)


def table(title: str, *columns: str) -> Table:
    """An empty table; the last column holds ids."""
    made = Table(
        title=plain(title), title_justify="left", box=None, header_style="bold", title_style="bold", pad_edge=False
    )
    for column in columns:
        made.add_column(column, no_wrap=column in {"Id", "When"}, overflow="fold")
    return made


def slot_table(slots: Sequence[Slot], time_zone: str, title: str) -> Table:
    """Slots with their day; a wall time that occurs twice shows its offset from UTC."""
    made = table(title, "Day", "Start", "End", "Seats")
    starts = [local_time(slot.start_time, time_zone) for slot in slots]
    seen = Counter(map(_wall, starts))
    for slot, start in zip(slots, starts, strict=True):
        twice = seen[_wall(start)] > 1
        clock = start.isoformat(timespec="minutes").partition("T")[2] if twice else f"{start:%H:%M}"
        end = local_time(slot.end_time, time_zone)
        made.add_row(f"{start:%a %Y-%m-%d}", clock, f"{end:%H:%M}", str(slot.seats_free))
    return made


def found_table(slots: Iterable[FoundSlot]) -> Table:
    """Slots of several doctors."""
    made = table("", "When", "Doctor", "Specialty", "Clinic", "Doctor's id")
    for found in slots:
        start = when(found.slot.start_time, found.clinic.time_zone)
        made.add_row(
            start, *map(plain, (found.doctor.name, found.doctor.specialty, found.clinic.name, found.doctor.id))
        )
    return made


def appointment_table(appointments: Iterable[Appointment]) -> Table:
    """Appointments, each on its clinic's wall clock."""
    made = table("", "When", "Doctor", "Patient", "Status", "Id")
    for each in appointments:
        made.add_row(_start(each), *map(plain, (each.doctor.name, each.patient.name, _status(each), each.id)))
    return made


def appointment_details(appointment: Appointment) -> Table:
    """One appointment with all its details."""
    end = local_time(appointment.end_time, appointment.clinic.time_zone)
    return details(
        {
            "When": f"{_start(appointment)} until {end:%H:%M}",
            "Status": _status(appointment),
            "Doctor": f"{appointment.doctor.name}, {appointment.doctor.specialty}",
            "Clinic": appointment.clinic.name,
            "Patient": appointment.patient.name,
            "Reason": appointment.reason,
            "Id": appointment.id,
        }
    )


def details(values: Mapping[str, str]) -> Table:
    """Names and values, one per line."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, value in values.items():
        made.add_row(name, plain(value))
    return made


def utc(instant: Timestamp) -> str:
    """An instant in UTC, for times that belong to no clinic."""
    return f"{instant.ToDatetime():%Y-%m-%d %H:%M:%S}"


def doctor_table(doctors: Iterable[Doctor]) -> Table:
    """Doctors with their clinics."""
    made = table("", "Name", "Specialty", "Clinic", "Id")
    for each in doctors:
        made.add_row(*map(plain, (each.name, each.specialty, each.clinic.name, each.id)))
    return made


def clinic_table(clinics: Iterable[Clinic]) -> Table:
    """Clinics with their zones."""
    made = table("", "Name", "Time zone", "Id")
    for each in clinics:
        made.add_row(*map(plain, (each.name, each.time_zone, each.id)))
    return made


def patient_table(patients: Iterable[Patient]) -> Table:
    """Patients with the data that distinguishes them."""
    made = table("", "Name", "Born", "Identifiers", "Id")
    for each in patients:
        identifiers = ", ".join(identifier.value for identifier in each.identifiers)
        made.add_row(*map(plain, (each.name, each.birth_date, identifiers, each.id)))
    return made


def notification_table(notifications: Iterable[Notification]) -> Table:
    """Notifications; times are UTC, since they concern the provider, not the clinic."""
    made = table("", "Changed (UTC)", "Kind", "Status", "Why", "Tries", "Appointment or account", "Id")
    for each in notifications:
        words = (
            NotificationKind.Name(each.kind),
            NotificationStatus.Name(each.status),
            NotificationOutcome.Name(each.outcome),
        )
        about = each.appointment_id or each.account_id
        made.add_row(*map(plain, (utc(each.update_time), *map(_last_words, words), str(each.attempts), about, each.id)))
    return made


def _last_words(name: str) -> str:
    """The part of an enum value's name after the two words of its type's name."""
    words = name.split("_", 2)[2].replace("_", " ").lower()
    return "" if words == "unspecified" else words


def _start(appointment: Appointment) -> str:
    return when(appointment.start_time, appointment.clinic.time_zone)


def when(start: Timestamp, zone: str) -> str:
    """An instant on the wall clock of a zone."""
    return f"{_wall(local_time(start, zone))} ({zone})"


def _wall(local: datetime) -> str:
    return f"{local:%a %Y-%m-%d %H:%M}"


def _status(appointment: Appointment) -> str:
    name = AppointmentStatus.Name(appointment.status)
    return name.removeprefix("APPOINTMENT_STATUS_").replace("_", " ").lower()
