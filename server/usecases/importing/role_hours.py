"""The working hours of a role: its weekly hours, between its first and its last day, without its absences."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta

from db.postgres.booking.hours import SessionRow
from server.fhir.roles import PractitionerRole

_DAY = timedelta(days=1)
_SLOT_MINUTES = 30

FROM = date(2000, 1, 1)
"""The day from which doctors without a known first day work."""
Versions = Mapping[date, Sequence[SessionRow]]
"""The weekly sessions that apply from each of some days on."""


def _session(since: date, weekday: int, start: time, end: time) -> SessionRow:
    return SessionRow(since, weekday, start, end, _SLOT_MINUTES, 1)


OFFICE_HOURS: Versions = {
    FROM: [
        _session(FROM, weekday, start, end)
        for weekday in range(1, 6)
        for start, end in ((time(9), time(12)), (time(13), time(17)))
    ]
}
"""The hours of doctors of whom no others are known, so that there are slots to book."""


def hours_of(role: PractitionerRole) -> Versions:
    """The hours of a role; office hours if it gives none."""
    if role.all_hours:
        return {first: [SessionRow(first, *each) for each in week] for first, week in role.all_hours.items()}
    since = max(role.since or FROM, FROM)
    changes = {since: True}
    for absence in role.absences:
        if absence.last >= since:
            changes |= {max(absence.first, since): False, absence.last + _DAY: True}
    if role.until:
        changes = {day: works for day, works in changes.items() if day <= role.until}
        changes[max(role.until + _DAY, since)] = False
    return {day: _week(role, day) if works else [] for day, works in changes.items()}


def _week(role: PractitionerRole, since: date) -> list[SessionRow]:
    if not role.hours:
        return [row._replace(valid_from=since) for row in OFFICE_HOURS[FROM]]
    return [_session(since, *each) for each in role.hours]


def plain(versions: Versions) -> tuple[tuple[date, tuple[SessionRow, ...]], ...]:
    """Working hours in one form, whatever the order of their sessions, to be compared."""
    return tuple(sorted((since, tuple(sorted(week))) for since, week in versions.items()))
