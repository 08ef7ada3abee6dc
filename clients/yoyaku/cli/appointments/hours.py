"""Commands for the working hours of doctors."""

from datetime import date
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument
from yoyaku.cli.appointments.time_off import action_of
from yoyaku.cli.failures import usage
from yoyaku.cli.output.hours_table import hours_table, uncovered_table
from yoyaku.cli.output.layout import out
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.schedule_service_pb2 import SetWorkingHoursResponse
from yoyaku.v1.time_off_pb2 import TimeOffAction

hours = typer.Typer(help="Working hours of doctors.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(hours, name="hours")


@hours.command()
def show(context: typer.Context, doctor: DoctorArgument, as_json: Json = False) -> None:
    """Show a doctor's working hours, present and planned."""
    with session(context) as client:
        answer = client.get_schedule(words.doctor_id(client, doctor))
    present(answer, hours_table(answer.schedule), as_json=as_json)


@hours.command("set")
def set_hours(
    context: typer.Context,
    doctor: DoctorArgument,
    first: Annotated[date, typer.Argument(metavar="FROM", parser=words.day, help="First day, YYYY-MM-DD.")],
    sessions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SESSION...",
            help="Days, times, minutes of a slot, seats: mon-fri/09:00-12:00/30 or sat/10:00-11:00/15/2.",
        ),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Instead of sessions: the doctor does not work.")] = False,
    etag: Annotated[str, typer.Option(metavar="ETAG", help="Only if the hours still have this etag.")] = "",
    preview: Annotated[
        bool, typer.Option("--preview", help="Change nothing, and show which appointments would be left outside.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the appointments that are left outside, and notify patients.")
    ] = False,
    offer: Annotated[
        bool, typer.Option("--offer", help="Offer their patients other times, which are held for them.")
    ] = False,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="APPOINTMENT", help="Not this one; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a doctor's weekly hours from a day on (staff, admins).

    Appointments that the new hours leave outside are shown; they stay, unless --cancel or --offer is given.
    """
    if bool(sessions) == off:
        raise usage("give each SESSION of a week, or --off if the doctor does not work from then on")
    week = [session for each in sessions or () for session in words.sessions(each)]
    with session(context) as client:
        answer = client.set_working_hours(
            words.doctor_id(client, doctor),
            valid_from=first,
            sessions=week,
            etag=etag,
            validate_only=preview,
            action=action_of(cancel=cancel, offer=offer),
            exceptions=dict.fromkeys(keep or (), TimeOffAction.TIME_OFF_ACTION_KEEP),
        )
    if not as_json:
        _show_outside(answer)
    present(answer, hours_table(answer.schedule), as_json=as_json)


def _show_outside(answer: SetWorkingHoursResponse) -> None:
    number, named = answer.uncovered_count, len(answer.uncovered)
    if number:
        typer.echo(
            f"{number} appointments are outside of these hours" + (f", first {named}:" if named < number else ":")
        )
        out(uncovered_table(answer.uncovered, answer.schedule.time_zone))


SessionDay = Annotated[date, typer.Argument(metavar="DATE", parser=words.day, help="YYYY-MM-DD.")]


@hours.command()
def add(
    context: typer.Context,
    doctor: DoctorArgument,
    day: SessionDay,
    times: Annotated[str, typer.Argument(metavar="SESSION", help="13:00-15:00/30, or 13:00-15:00/30/2 for two seats.")],
    as_json: Json = False,
) -> None:
    """Add a session on one date, beside the weekly hours (staff, admins)."""
    [wanted] = words.sessions(f"mon/{times}")
    with session(context) as client:
        answer = client.add_session(
            words.doctor_id(client, doctor),
            date=day,
            start=wanted.start,
            end=wanted.end,
            slot_minutes=wanted.slot_minutes,
            capacity=wanted.capacity,
        )
    present(answer, hours_table(answer.schedule), as_json=as_json)


@hours.command()
def remove(
    context: typer.Context,
    doctor: DoctorArgument,
    day: SessionDay,
    start: Annotated[str, typer.Argument(metavar="START", help="HH:MM at which the session starts.")],
    as_json: Json = False,
) -> None:
    """Remove a session of one date (staff, admins); its bookings stay."""
    with session(context) as client:
        answer = client.remove_session(words.doctor_id(client, doctor), date=day, start=start)
    if answer.uncovered_count:
        typer.echo(f"{answer.uncovered_count} bookings are outside of the hours now: cancel or move them", err=True)
    present(answer, hours_table(answer.schedule), as_json=as_json)
