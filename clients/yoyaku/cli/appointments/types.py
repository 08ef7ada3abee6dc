"""Commands for what clinics offer: types of appointment, and the rooms and devices that these need."""

from typing import Annotated

import typer
from rich.table import Table

from yoyaku.cli import words
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.output.layout import details
from yoyaku.cli.output.tables import appointment_details, table
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.appointment_type_pb2 import AppointmentType, AppointmentTypeAudience
from yoyaku.v1.resource_pb2 import Resource

resources = typer.Typer(help="Rooms and devices of clinics.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(resources, name="resources")
types = typer.Typer(help="Types of appointment of clinics.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(types, name="types")

ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help="Id, or a part of the name that only one has.")]
_PREFIX = "APPOINTMENT_TYPE_AUDIENCE_"
_AUDIENCES = {"all": "ALL", "new": "NEW", "known": "KNOWN"}


@types.command("list")
def list_types(context: typer.Context, clinic: ClinicArgument, as_json: Json = False) -> None:
    """List the types of appointment of a clinic."""
    with session(context) as client:
        answer = client.list_appointment_types(words.clinic_id(client, clinic))
    shown = table("", "Name", "Japanese", "Minutes", "Buffer", "Who books", "Id")
    for each in answer.appointment_types:
        minutes = (str(each.minutes), str(each.buffer_minutes))
        shown.add_row(plain(each.name), plain(each.name_ja), *minutes, _who(each), each.id)
    present(answer, shown if answer.appointment_types else "the clinic has no types", as_json=as_json)


@types.command()
def add(
    context: typer.Context,
    clinic: ClinicArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="In English.")],
    minutes: Annotated[int, typer.Argument(metavar="MINUTES", min=5, max=480, help="How long it takes.")],
    japanese: Annotated[str, typer.Option(metavar="NAME", help="The name in Japanese.")] = "",
    buffer: Annotated[int, typer.Option(metavar="MINUTES", min=0, max=240, help="Kept free after it.")] = 0,
    staff_only: Annotated[bool, typer.Option("--staff-only", help="Patients cannot book it.")] = False,
    needs: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="A kind of resource that it needs; can be repeated.")
    ] = None,
    patients: Annotated[
        str, typer.Option(metavar="all|new|known", help="Which patients book it by themselves.")
    ] = "all",
    as_json: Json = False,
) -> None:
    """Add a type of appointment to a clinic (staff, admins)."""
    if patients not in _AUDIENCES:
        raise typer.BadParameter(f"{patients!r} is not one of {', '.join(_AUDIENCES)}")
    with session(context) as client:
        answer = client.create_appointment_type(
            clinic_id=words.clinic_id(client, clinic),
            name=name,
            name_ja=japanese,
            minutes=minutes,
            buffer_minutes=buffer,
            staff_only=staff_only,
            resource_kinds=needs or (),
            audience=AppointmentTypeAudience.Value(f"{_PREFIX}{_AUDIENCES[patients]}"),
        )
    present(answer, _details(answer.appointment_type), as_json=as_json)


@types.command()
def retire(context: typer.Context, type_id: str, as_json: Json = False) -> None:
    """Offer a type no longer (staff, admins); its appointments stay."""
    with session(context) as client:
        answer = client.update_appointment_type(type_id, AppointmentType(active=False), fields=["active"])
    present(answer, _details(answer.appointment_type), as_json=as_json)


@resources.command("list")
def list_resources(context: typer.Context, clinic: ClinicArgument, as_json: Json = False) -> None:
    """List the rooms and devices of a clinic."""
    with session(context) as client:
        answer = client.list_resources(words.clinic_id(client, clinic))
    shown = table("", "Kind", "Name", "In use", "Id")
    for each in answer.resources:
        shown.add_row(each.kind, plain(each.name), "yes" if each.active else "no", each.id)
    present(answer, shown if answer.resources else "the clinic has no resources", as_json=as_json)


@resources.command("add")
def add_resource(
    context: typer.Context,
    clinic: ClinicArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What it is, such as ultrasound.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="How people call it.")],
    as_json: Json = False,
) -> None:
    """Add a room or a device to a clinic (staff, admins)."""
    with session(context) as client:
        answer = client.create_resource(clinic_id=words.clinic_id(client, clinic), kind=kind, name=name)
    present(answer, f"{answer.resource.name} has the id {answer.resource.id}", as_json=as_json)


@resources.command("retire")
def retire_resource(context: typer.Context, resource_id: str, as_json: Json = False) -> None:
    """Give a room or a device to no new appointment (staff, admins); those that have it keep it."""
    with session(context) as client:
        answer = client.update_resource(resource_id, Resource(active=False), fields=["active"])
    present(answer, f"{answer.resource.name} is out of use for new appointments", as_json=as_json)


@resources.command("swap")
def swap_resource(
    context: typer.Context,
    appointment_id: str,
    left: Annotated[str, typer.Argument(metavar="RESOURCE", help="What it leaves; id or part of the name.")],
    to: Annotated[
        str, typer.Option(metavar="RESOURCE", help="What it gets; any free one of the kind if omitted.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Give an appointment another free room or device of the same kind (staff)."""
    with session(context) as client:
        appointment = client.get_appointment(appointment_id).appointment
        others = client.list_resources(appointment.clinic.id).resources if to else ()
        answer = client.swap_resource(
            appointment_id,
            words.resource_id(appointment.resources, left),
            to_resource_id=words.resource_id(others, to) if to else "",
        )
    present(answer, appointment_details(answer.appointment), as_json=as_json)


def _details(each: AppointmentType) -> Table:
    return details(
        {
            "Name": each.name,
            "Japanese": each.name_ja,
            "Minutes": str(each.minutes),
            "Buffer": str(each.buffer_minutes),
            "Needs": ", ".join(each.resource_kinds),
            "Who books": _who(each),
            "Id": each.id,
        }
    )


def _who(each: AppointmentType) -> str:
    if not each.active:
        return "nobody any more"
    if each.staff_only:
        return "staff"
    audience = AppointmentTypeAudience.Name(each.audience).removeprefix(_PREFIX).lower()
    return f"{audience} patients"
