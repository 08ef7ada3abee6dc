"""Extensions: what FHIR has no element for, as our own exports write it and imports read it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from server.fhir.fields import Json, items, text

TIME_ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"
WRITING = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
POLICY = "urn:yoyaku:fhir:booking-policy"
HOURS = "urn:yoyaku:fhir:working-hours"
POLICY_BOUNDS = {
    "horizon_days": (1, 730),
    "min_notice_minutes": (0, 525_600),
    "cancel_by_minutes": (0, 525_600),
    "max_per_patient_day": (1, 1_000),
    "buffer_minutes": (0, 240),
    "max_open_appointments": (0, 1_000),
}
"""The fields of a clinic's booking policy, with their least and greatest values."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SLOT_MINUTES, _CAPACITY = (5, 480), (1, 50)


class ExportedSession(NamedTuple):
    """A weekly period of work, on the wall clock."""

    weekday: int
    """1 is Monday."""
    start: time
    end: time
    slot_minutes: int
    capacity: int


def zone(resource: Json) -> ZoneInfo | None:
    """The time zone that a resource gives by an extension."""
    for each in items(resource.get("extension")):
        if each.get("url") == TIME_ZONE and (name := text(each.get("valueCode"))):
            with suppress(ValueError, OSError, LookupError):
                return ZoneInfo(name)
    return None


def policy(resource: Json) -> dict[str, int]:
    """The booking policy that a clinic's resource gives, as far as its values are valid."""
    found = {}
    for each in _inside(resource, POLICY):
        for field in items(each.get("extension")):
            name, value = text(field.get("url")), field.get("valueInteger")
            least, most = POLICY_BOUNDS.get(name, (0, -1))
            if isinstance(value, int) and least <= value <= most:
                found[name] = value
    return found


def working_hours(resource: Json, notes: list[str]) -> dict[date, Sequence[ExportedSession]]:
    """All working hours of a role, by the day from which they apply; a note about what cannot be read."""
    found: dict[date, Sequence[ExportedSession]] = {}
    for each in _inside(resource, HOURS):
        inner = items(each.get("extension"))
        try:
            first = date.fromisoformat(next(text(one.get("valueDate")) for one in inner if one.get("url") == "from"))
            found[first] = sorted(_session(one) for one in inner if one.get("url") == "session")
        except (ValueError, StopIteration, KeyError, TypeError):
            notes.append("its working hours cannot be read: those of availableTime are used")
            return {}
    return found


def written_hours(first: date, sessions: Sequence[ExportedSession]) -> dict[str, Any]:
    """The extension that `working_hours` reads, for the hours that apply from a day on."""
    written = [
        {
            "url": "session",
            "extension": [
                {"url": "day", "valueCode": WEEKDAYS[each.weekday - 1]},
                {"url": "start", "valueTime": each.start.isoformat()},
                {"url": "end", "valueTime": each.end.isoformat()},
                {"url": "slotMinutes", "valuePositiveInt": each.slot_minutes},
                {"url": "capacity", "valuePositiveInt": each.capacity},
            ],
        }
        for each in sessions
    ]
    return {"url": HOURS, "extension": [{"url": "from", "valueDate": first.isoformat()}, *written]}


def _inside(resource: Json, url: str) -> list[Json]:
    return [each for each in items(resource.get("extension")) if each.get("url") == url]


def _session(extension: Json) -> ExportedSession:
    given = {text(each.get("url")): each for each in items(extension.get("extension"))}
    start, end = (time.fromisoformat(given[name]["valueTime"]) for name in ("start", "end"))
    minutes, seats = (given[name]["valuePositiveInt"] for name in ("slotMinutes", "capacity"))
    for value, (least, most) in ((minutes, _SLOT_MINUTES), (seats, _CAPACITY)):
        if not least <= value <= most:
            raise ValueError
    return ExportedSession(WEEKDAYS.index(given["day"]["valueCode"]) + 1, start, end, minutes, seats)
