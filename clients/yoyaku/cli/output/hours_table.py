"""The table of working hours."""

from rich.table import Table

from yoyaku.cli.output.tables import table
from yoyaku.v1.schedule_pb2 import ExtraSession, Schedule, Session, Weekday


def hours_table(schedule: Schedule) -> Table:
    """Working hours on the clinic's wall clock, and sessions of single dates."""
    made = table(f"Times in {schedule.time_zone}, etag {schedule.etag}", "From", "Day", "Hours", "Slot", "Seats")
    for version in schedule.working_hours:
        if not version.sessions:
            made.add_row(version.valid_from, "", "does not work", "", "")
        for each in version.sessions:
            weekday = Weekday.Name(each.weekday).removeprefix("WEEKDAY_").capitalize()
            made.add_row(version.valid_from, weekday, *_cells(each))
    for extra in schedule.extra_sessions:
        made.add_row(extra.date, "that day only", *_cells(extra))
    return made


def _cells(session: Session | ExtraSession) -> tuple[str, str, str]:
    return f"{session.start}-{session.end}", f"{session.slot_minutes} min", str(session.capacity or 1)
