"""Commands for the working hours of doctors."""

from datetime import date
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument
from yoyaku.cli.failures import usage
from yoyaku.cli.output.tables import hours_table
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
