"""Formats answers for a terminal: tables, with times on the clinic's wall clock."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table

from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.layout import details
from yoyaku.cli.output.relations import relation, represented
from yoyaku.v1.account_pb2 import Account
from yoyaku.v1.account_role_pb2 import AccountRole
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent, AppointmentHistoryEntry, AppointmentStatus
from yoyaku.v1.available_day_messages_pb2 import AvailableDay
from yoyaku.v1.clinic_pb2 import Clinic
from yoyaku.v1.display_pb2 import Display
from yoyaku.v1.doctor_pb2 import Doctor
from yoyaku.v1.notification_pb2 import (
    Notification,
    NotificationKind,
    NotificationOutcome,
    NotificationStatus,
)
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.schedule_pb2 import AlternativeReason, AlternativeSlot, FoundSlot, Slot
from yoyaku.wire import local_time


def table(title: str, *columns: str) -> Table:
    """An empty table; the last column holds ids."""
    made = Table(
        title=plain(title), title_justify="left", box=None, header_style="bold", title_style="bold", pad_edge=False
    )
    for column in columns:
        made.add_column(column, no_wrap=column in _WHOLE or column.endswith("(UTC)"), overflow="fold")
    return made


_WHOLE = {"Id", "Who", "Doctor's id", "When", "Day", "From", "Hours"}
"""Columns whose cells are never broken into lines."""


def slot_table(slots: Sequence[Slot | AlternativeSlot], time_zone: str, title: str) -> Table:
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


def day_table(days: Iterable[AvailableDay]) -> Table:
    """Days with their numbers of slots."""
    made = table("", "Day", "Free", "Slots")
    for day in days:
        made.add_row(f"{date.fromisoformat(day.date):%a} {day.date}", str(day.slots_free), str(day.slots_total))
    return made


def found_table(slots: Iterable[FoundSlot]) -> Table:
    """Slots of several doctors."""
    rows = list(slots)
    zone = _shared_zone(each.clinic.time_zone for each in rows)
    made = table(_times_in(zone), "When", "Doctor", "Specialty", "Clinic", "Doctor's id")
    for found in rows:
        start = when(found.slot.start_time, found.clinic.time_zone, named=not zone)
        made.add_row(
            start, *map(plain, (found.doctor.name, found.doctor.specialty, found.clinic.name, found.doctor.id))
        )
    return made


def alternative_table(slots: Iterable[AlternativeSlot]) -> Table:
    """Slots of other doctors than the one asked for."""
    made = table("", "When", "Doctor", "Clinic", "Why", "Doctor's id")
    for each in slots:
        why = _last_words(AlternativeReason.Name(each.reason))
        start = when(each.start_time, each.clinic.time_zone, named=True)
        made.add_row(start, *map(plain, (each.doctor.name, each.clinic.name, why, each.doctor.id)))
    return made


def appointment_table(appointments: Iterable[Appointment]) -> Table:
    """Appointments, each on its clinic's wall clock."""
    rows = list(appointments)
    zone = _shared_zone(each.clinic.time_zone for each in rows)
    made = table(_times_in(zone), "When", "Doctor", "Patient", "Status", "Id")
    for each in rows:
        start = when(each.start_time, each.clinic.time_zone, named=not zone)
        made.add_row(start, *map(plain, (each.doctor.name, each.patient.name, _status(each), each.id)))
    return made


def history_table(entries: Iterable[AppointmentHistoryEntry]) -> Table:
    """What happened to an appointment; times are UTC."""
    made = table("", "When (UTC)", "What", "Why", "Who")
    for each in entries:
        by = relation(each.relation)
        what = _last_words(AppointmentEvent.Name(each.event)) + (f" by the {by}" if by else "")
        made.add_row(utc(each.event_time), *map(plain, (what, each.note, each.actor)))
    return made


def appointment_details(appointment: Appointment) -> Table:
    """One appointment with all its details."""
    end = local_time(appointment.end_time, appointment.clinic.time_zone)
    return details(
        {
            "When": f"{_start(appointment)} until {end:%H:%M}",
            "Status": _status(appointment) + _held_until(appointment),
            "Doctor": f"{appointment.doctor.name}, {appointment.doctor.specialty}",
            "Clinic": appointment.clinic.name,
            "Patient": appointment.patient.name,
            **({"Type": appointment.appointment_type.name} if appointment.appointment_type.id else {}),
            **{each.kind.capitalize(): each.name for each in appointment.resources},
            "Reason": appointment.reason,
            "Id": appointment.id,
        }
    )


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


def patient_details(patient: Patient) -> Table:
    """One patient with all details."""
    waiting = " and ".join(filter(None, (patient.pending_email, patient.pending_phone)))
    return details(
        {
            "Name": patient.name,
            "Born": patient.birth_date,
            "Email": patient.email,
            "Phone": patient.phone,
            **({"Not yet confirmed": waiting} if waiting else {}),
            "Language": patient.language,
            "Identifiers": ", ".join(f"{each.system} {each.value}" for each in patient.identifiers),
            "Id": patient.id,
        }
    )


def account_details(account: Account, address: str) -> Table:
    """Who somebody is, and where."""
    named = {
        "Email": account.email,
        "Roles": ", ".join(AccountRole.Name(each).removeprefix("ACCOUNT_ROLE_").lower() for each in account.roles),
        "Clinics": "all" if account.all_clinics else "\n".join(account.clinic_ids),
        "Patient": account.patient_id,
        "Acts for": "\n".join(map(represented, account.represents)),
        "Doctor": account.doctor_id,
        "Account": account.id,
        "Server": address,
    }
    return details({name: value for name, value in named.items() if value})


def display_table(displays: Iterable[Display]) -> Table:
    """Displays by name; times are UTC."""
    made = table("", "Name", "Since (UTC)", "Id")
    for each in displays:
        made.add_row(plain(each.name), utc(each.create_time), plain(each.id))
    return made


def notification_table(notifications: Iterable[Notification]) -> Table:
    """Notifications; times are UTC, since they concern the provider, not the clinic."""
    made = table("", "Changed (UTC)", "Kind", "Status", "Why", "Tries", "About", "Id")
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


def when(start: Timestamp, zone: str, *, named: bool = True) -> str:
    """An instant on the wall clock of a zone, with the zone's name unless the title has it."""
    wall = _wall(local_time(start, zone))
    return f"{wall} ({zone})" if named else wall


def _shared_zone(zones: Iterable[str]) -> str:
    found = set(zones)
    return found.pop() if len(found) == 1 else ""


def _times_in(zone: str) -> str:
    return f"Times in {zone}" if zone else ""


def _wall(local: datetime) -> str:
    return f"{local:%a %Y-%m-%d %H:%M}"


def _held_until(appointment: Appointment) -> str:
    if not appointment.HasField("hold_expire_time"):
        return ""
    return f" until {local_time(appointment.hold_expire_time, appointment.clinic.time_zone):%H:%M}"


def _status(appointment: Appointment) -> str:
    name = AppointmentStatus.Name(appointment.status)
    return name.removeprefix("APPOINTMENT_STATUS_").replace("_", " ").lower()
