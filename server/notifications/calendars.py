"""The calendar entry of an appointment (RFC 5545, RFC 5546): added, changed and removed under one UID."""

from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress

_PRODUCT = "-//yoyaku//appointments//EN"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """The content of an entry; `version` is the appointment's, and a higher one replaces a lower one."""

    appointment_id: str
    version: int
    start_at: datetime
    end_at: datetime
    clinic: str
    clinic_address: str
    clinic_phone: str
    """Address and phone are empty where they are unknown."""
    organizer: str
    """The address that notices come from."""
    attendee: str
    """The address that this entry is sent to."""
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar entry to attach (RFC 5546); `method` is REQUEST or CANCEL."""

    method: str
    content: bytes


def invitation(entry: CalendarEntry, now: datetime) -> Invitation:
    """The entry as an attachment; instants are in UTC, and calendars show them in their owner's time zone."""
    method = "CANCEL" if entry.cancelled else "REQUEST"
    event = Event()
    event.add("uid", entry.appointment_id)
    event.add("sequence", entry.version)
    event.add("dtstamp", now)
    event.add("dtstart", entry.start_at)
    event.add("dtend", entry.end_at)
    event.add("summary", entry.clinic)
    event.add("location", ", ".join(filter(None, (entry.clinic, entry.clinic_address))))
    if entry.clinic_phone:
        event.add("contact", f"{entry.clinic}, {entry.clinic_phone}")
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{entry.organizer}", params={"CN": entry.clinic}))
    # By booking, the patient has agreed to come: a calendar must not ask, nor send an answer that nobody reads.
    agreed = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    event.add("attendee", vCalAddress(f"mailto:{entry.attendee}", params=agreed))
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return Invitation(method, calendar.to_ical())
