"""Commands of reports: how full the hours were, how long patients waited, who did not come."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.message import Message
from rich.table import Table

from yoyaku.cli import words
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.tables import table
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.report_messages_pb2 import GetClinicDayResponse
from yoyaku.v1.report_pb2 import ReportGrouping, ReportKind

reports = typer.Typer(help="Figures about a clinic's days.", no_args_is_help=True)
app.add_typer(reports, name="reports")

ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help="Id, or part of the name.")]
FirstArgument = Annotated[date, typer.Argument(metavar="FROM", parser=words.day, help="The first day, YYYY-MM-DD.")]
LastArgument = Annotated[date, typer.Argument(metavar="TO", parser=words.day, help="The last day, YYYY-MM-DD.")]
DoctorOption = Annotated[str, typer.Option("--doctor", help="Of this doctor alone: id, or part of the name.")]
LateOption = Annotated[int, typer.Option("--late-hours", min=1, max=168, help="What is late.")]


class By(StrEnum):
    """What the rows stand for."""

    DAY = "day"
    DOCTOR = "doctor"
    TYPE = "type"
    HOUR = "hour"

    @property
    def in_contract(self) -> "ReportGrouping.ValueType":
        """As the contract calls it."""
        name = "APPOINTMENT_TYPE" if self is By.TYPE else self.name
        return ReportGrouping.Value(f"REPORT_GROUPING_{name}")


class Kind(StrEnum):
    """Which report."""

    UTILIZATION = "utilization"
    WAITS = "waits"
    NO_SHOWS = "no-shows"


KindArgument = Annotated[Kind, typer.Argument(metavar="REPORT", help="utilization, waits or no-shows.")]
ByOption = Annotated[By, typer.Option("--by", help="What the rows stand for.")]


@reports.command(name="day")
def clinic_day(
    context: typer.Context,
    clinic: ClinicArgument,
    day: Annotated[date | None, typer.Option("--date", parser=words.day, help="YYYY-MM-DD; today if left out.")] = None,
    as_json: Json = False,
) -> None:
    """A clinic's day at a glance, by doctor."""
    with session(context) as client:
        answer = client.get_clinic_day(words.clinic_id(client, clinic), day)
    present(answer, _day(answer), as_json=as_json)


@reports.command()
def show(
    context: typer.Context,
    report: KindArgument,
    clinic: ClinicArgument,
    first: FirstArgument,
    last: LastArgument,
    by: ByOption = By.DAY,
    doctor: DoctorOption = "",
    late_hours: LateOption = 24,
    as_json: Json = False,
) -> None:
    """How much of the hours was booked, how many minutes patients waited, or who did not come."""
    with session(context) as client:
        where = words.clinic_id(client, clinic)
        whose = words.doctor_id(client, doctor) if doctor else ""
        grouping = by.in_contract
        answer: Any
        match report:
            case Kind.UTILIZATION:
                answer = client.get_utilization(where, first, last, group_by=grouping, doctor_id=whose)
            case Kind.WAITS:
                answer = client.get_waits(where, first, last, group_by=grouping, doctor_id=whose)
            case Kind.NO_SHOWS:
                answer = client.get_no_shows(
                    where, first, last, group_by=grouping, doctor_id=whose, late_hours=late_hours
                )
    present(answer, _rows(answer.rows, answer.total), as_json=as_json)


@reports.command()
def export(
    context: typer.Context,
    report: KindArgument,
    clinic: ClinicArgument,
    first: FirstArgument,
    last: LastArgument,
    file: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Where to write it.")],
    by: ByOption = By.DAY,
    doctor: DoctorOption = "",
    late_hours: LateOption = 24,
) -> None:
    """Write a report to a CSV file for spreadsheets."""
    kind = ReportKind.Value(f"REPORT_KIND_{report.name}")
    with session(context) as client:
        where = words.clinic_id(client, clinic)
        whose = words.doctor_id(client, doctor) if doctor else ""
        answer = client.export_report(
            kind, where, first, last, group_by=by.in_contract, doctor_id=whose, late_hours=late_hours
        )
    file.write_bytes(answer.data)
    typer.echo(f"wrote {file}")


def _rows(rows: Iterable[Message], total: Message) -> Table:
    """All figures of all rows, under the names that they have in the contract."""
    names = [field.name for field in total.DESCRIPTOR.fields if field.name not in {"key", "name"}]
    made = table("", "Of", *(name.removesuffix("_minutes").replace("_", " ") for name in names))
    for row in rows:
        made.add_row(plain(_said(row, "name") or _said(row, "key") or "-"), *(_said(row, name) for name in names))
    made.add_row("total", *(_said(total, name) for name in names))
    return made


def _said(row: Any, name: str) -> str:
    return (
        "" if row.DESCRIPTOR.fields_by_name[name].has_presence and not row.HasField(name) else str(getattr(row, name))
    )


def _day(day: GetClinicDayResponse) -> Table:
    made = table(day.date, "Doctor", "Appointments", "Came", "No-shows", "Used", "Waited", "Not called")
    lines = [(each.name, each.utilization, each.waits, each.no_shows) for each in day.doctors]
    for name, use, waited, missed in [*lines, ("all", day.utilization, day.waits, day.no_shows)]:
        share = f"{use.utilization:.0%}" if use.HasField("utilization") else "-"
        wait = f"{waited.median_minutes:.0f} min" if waited.called else "-"
        counts = (missed.appointments, missed.attended, missed.no_shows)
        made.add_row(plain(name), *map(str, counts), share, wait, str(waited.not_called))
    return made
