"""Commands for the working hours of doctors."""

from datetime import date
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument
from yoyaku.cli.failures import usage
from yoyaku.cli.output.hours_table import hours_table
from yoyaku.cli.session import Json, app, present, session

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
    as_json: Json = False,
) -> None:
    """Set a doctor's weekly hours from a day on (staff, admins).

    Bookings that are made stay, whether or not the new hours cover them.
    """
    if bool(sessions) == off:
        raise usage("give each SESSION of a week, or --off if the doctor does not work from then on")
    week = [session for each in sessions or () for session in words.sessions(each)]
    with session(context) as client:
        answer = client.set_working_hours(words.doctor_id(client, doctor), valid_from=first, sessions=week, etag=etag)
    present(answer, hours_table(answer.schedule), as_json=as_json)


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
