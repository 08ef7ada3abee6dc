"""The calendar entry of an appointment (RFC 5545, RFC 5546): added, changed and removed under one UID."""

from collections.abc import Sequence
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
    """Calendar entries to attach (RFC 5546); `method` is REQUEST or CANCEL for one, PUBLISH for several."""

    method: str
    content: bytes


def invitation(entries: Sequence[CalendarEntry], now: datetime) -> Invitation:
    """The entries as one attachment; instants are in UTC, and calendars show them in their owner's time zone."""
    # A request or a cancellation is about one event.
    method = "PUBLISH" if len(entries) > 1 else "CANCEL" if entries[0].cancelled else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        event = _event(entry, now)
        if method != "PUBLISH":
            # By booking, the patient has agreed to come: a calendar must not ask, nor send an answer that nobody reads.
            agreed = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
            event.add("attendee", vCalAddress(f"mailto:{entry.attendee}", params=agreed))
        calendar.add_component(event)
    return Invitation(method, calendar.to_ical())


def _event(entry: CalendarEntry, now: datetime) -> Event:
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
    return event
