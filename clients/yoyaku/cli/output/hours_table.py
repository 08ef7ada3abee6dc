"""The tables of working hours, and of the appointments that they leave outside."""

from collections.abc import Iterable

from rich.table import Table

from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.tables import table
from yoyaku.v1.schedule_pb2 import ExtraSession, Schedule, Session, UncoveredAppointment, Weekday
from yoyaku.v1.time_off_pb2 import TimeOffOutcome
from yoyaku.wire import local_time


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


def uncovered_table(appointments: Iterable[UncoveredAppointment], time_zone: str) -> Table:
    """Appointments that working hours leave outside."""
    made = table("", "Start", "Patient", "Outcome", "Offer", "Id")
    for each in appointments:
        outcome = TimeOffOutcome.Name(each.outcome).removeprefix("TIME_OFF_OUTCOME_").lower() if each.outcome else ""
        offered = "waiting" if each.offer_state else ""
        start = f"{local_time(each.start_time, time_zone):%Y-%m-%d %H:%M}"
        made.add_row(start, plain(each.patient.name), outcome, offered, each.appointment_id)
    return made


def _cells(session: Session | ExtraSession) -> tuple[str, str, str]:
    return f"{session.start}-{session.end}", f"{session.slot_minutes} min", str(session.capacity or 1)
