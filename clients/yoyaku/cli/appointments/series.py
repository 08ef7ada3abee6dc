"""Commands for series: appointments at one time of day, weekly or monthly."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer
from google.rpc.status_pb2 import Status
from rich.table import Table

from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument, TypeOption, type_of_doctor
from yoyaku.cli.appointments.changing import Override, Patient, Reason, When, patient_of
from yoyaku.cli.failures import REFUSED, usage
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.tables import appointment_table, table
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.appointment_service_pb2 import Frequency, Recurrence

series = typer.Typer(
    help="Appointments at one time of day, weekly or monthly.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(series, name="series")

_RULES = {
    "weekly": Frequency.FREQUENCY_WEEKLY,
    "monthly": Frequency.FREQUENCY_MONTHLY_BY_DATE,
    "monthly-weekday": Frequency.FREQUENCY_MONTHLY_BY_WEEKDAY,
}
First = Annotated[str, typer.Argument(metavar="APPOINTMENT", help="The id of the first one; those after it follow.")]
Skip = Annotated[bool, typer.Option("--skip", help="If some dates are refused, do the others.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing, only show what would become of each date.")]


@series.command()
def book(
    context: typer.Context,
    doctor: DoctorArgument,
    when: When,
    count: Annotated[int, typer.Option(min=2, max=52, help="How many appointments, the first included.")],
    rule: Annotated[
        str, typer.Option(metavar="|".join(_RULES), help="monthly-weekday: as on the second Tuesday.")
    ] = "weekly",
    interval: Annotated[int, typer.Option(min=1, max=12, help="Every so many weeks or months.")] = 1,
    patient: Patient = "",
    reason: Reason = "",
    of_type: TypeOption = "",
    override: Override = "",
    skip: Skip = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Book a series: all of its dates, or none."""
    if rule not in _RULES:
        raise typer.BadParameter(f"{rule!r} is not one of {', '.join(_RULES)}")
    patient_id, first = patient_of(context, patient), _on_the_wall(when)
    with session(context) as client:
        doctor_id = words.doctor_id(client, doctor)
        answer = client.create_appointment_series(
            patient_id=patient_id,
            doctor_id=doctor_id,
            date=first.date(),
            time_slot=first.time(),
            recurrence=Recurrence(frequency=_RULES[rule], interval=interval, count=count),
            reason=reason,
            override_reason=override,
            appointment_type_id=type_of_doctor(client, doctor_id, of_type),
            skip_refused=skip,
            validate_only=dry_run,
        )
    rows = [(each.date, f"{when:%H:%M}", each.appointment.id, each.error) for each in answer.occurrences]
    present(answer, _outcomes(rows, "booked", "can be booked"), as_json=as_json)
    _end(any(each.HasField("error") for each in answer.occurrences))


@series.command()
def move(
    context: typer.Context,
    appointment: First,
    when: When,
    override: Override = "",
    skip: Skip = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Move an appointment of a series and all that follow it, by the same days and minutes: all, or none."""
    first = _on_the_wall(when)
    with session(context) as client:
        answer = client.reschedule_appointment_series(
            appointment,
            date=first.date(),
            time_slot=first.time(),
            override_reason=override,
            skip_refused=skip,
            validate_only=dry_run,
        )
    moved = [(each, each.appointment_id if each.HasField("appointment") else "") for each in answer.moves]
    rows = [(each.date, each.time_slot, found, each.error) for each, found in moved]
    present(answer, _outcomes(rows, "moved", "can move"), as_json=as_json)
    _end(any(each.HasField("error") for each in answer.moves))


@series.command()
def cancel(context: typer.Context, appointment: First, reason: Reason = "", as_json: Json = False) -> None:
    """Cancel an appointment of a series and all that follow it."""
    with session(context) as client:
        answer = client.cancel_appointment_series(appointment, reason=reason)
    present(answer, appointment_table(answer.appointments), as_json=as_json)


def _on_the_wall(when: datetime) -> datetime:
    if when.tzinfo:
        raise usage("a series keeps the time of the clinic's clock: give the start without an offset")
    return when


def _outcomes(rows: Iterable[tuple[str, str, str, Status]], done: str, possible: str) -> Table:
    made = table("", "Day", "Start", "Outcome", "Id")
    for day, time_slot, appointment_id, error in rows:
        made.add_row(day, time_slot, plain(error.message) or (done if appointment_id else possible), appointment_id)
    return made


def _end(refused: bool) -> None:
    if refused:
        raise typer.Exit(REFUSED)
