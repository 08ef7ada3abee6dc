"""Commands that set up clinics and their doctors."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from yoyaku import BlockingClient
from yoyaku.cli import words
from yoyaku.cli.output import tables
from yoyaku.cli.output.escaping import escaped, plain
from yoyaku.cli.output.layout import details
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.clinic_pb2 import Clinic
from yoyaku.v1.directory_service_pb2 import UpdateClinicResponse

clinic = typer.Typer(help="Set up clinics (admins).", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(clinic, name="clinic")

ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help="Id, or a part of the name that only one has.")]
Address = Annotated[str | None, typer.Option(metavar="TEXT", help="Where it is, in one line.")]
Phone = Annotated[str | None, typer.Option(metavar="NUMBER", help="What patients call, such as +81312345678.")]
Languages = Annotated[
    list[str] | None, typer.Option("--language", metavar="en|ja", help="May be repeated; the main one first.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Change it without first asking.")]
Days = Annotated[list[datetime] | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="May be repeated.")]
Browsing = Annotated[
    bool | None,
    typer.Option(
        "--public-browsing/--no-public-browsing", help="Whether all see it and its free slots without signing in."
    ),
]
Rule = Annotated[int | None, typer.Option(metavar="NUMBER", help="See `yoyaku clinic policies`.")]


@clinic.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    time_zone: Annotated[str, typer.Argument(metavar="ZONE", help="Such as Asia/Tokyo.")],
    address: Address = None,
    phone: Phone = None,
    languages: Languages = None,
    as_json: Json = False,
) -> None:
    """Add a clinic, with the usual rules for bookings; `yoyaku clinic change` changes them."""
    with session(context) as client:
        answer = client.create_clinic(
            name=name, time_zone=time_zone, address=address or "", phone=phone or "", languages=languages or ()
        )
    present(answer, _details(answer.clinic), as_json=as_json)


@clinic.command()
def change(
    context: typer.Context,
    which: ClinicArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Asia/Tokyo.")] = None,
    address: Address = None,
    phone: Phone = None,
    languages: Languages = None,
    horizon_days: Rule = None,
    min_notice_minutes: Rule = None,
    cancel_by_minutes: Rule = None,
    max_per_patient_day: Rule = None,
    buffer_minutes: Rule = None,
    max_open_appointments: Rule = None,
    representatives_until_age: Rule = None,
    representatives_see_records_until_age: Rule = None,
    public_browsing: Browsing = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Change a clinic: first shows what that does to bookings, and asks."""
    wanted = {
        "name": name, "time_zone": time_zone, "address": address, "phone": phone, "languages": languages,
        "horizon_days": horizon_days, "min_notice_minutes": min_notice_minutes, "cancel_by_minutes": cancel_by_minutes,
        "max_per_patient_day": max_per_patient_day, "buffer_minutes": buffer_minutes,
        "max_open_appointments": max_open_appointments, "public_browsing": public_browsing,
        "representatives_until_age": representatives_until_age,
        "representatives_see_records_until_age": representatives_see_records_until_age,
    }  # fmt: skip
    with session(context) as client:
        answer = _changed(client, words.clinic_id(client, which), wanted, ask=not yes)
    _show(answer, as_json=as_json)


@clinic.command()
def holidays(
    context: typer.Context,
    which: ClinicArgument,
    add: Days = None,
    remove: Days = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Show or change the days on which a clinic is closed; first says which bookings are on them, and asks."""
    with session(context) as client:
        clinic_id = words.clinic_id(client, which)
        found = client.get_clinic(clinic_id)
        if not add and not remove:
            present(found, _details(found.clinic), as_json=as_json)
            return
        days = set(found.clinic.holidays)
        days |= {f"{day:%Y-%m-%d}" for day in add or ()}
        days -= {f"{day:%Y-%m-%d}" for day in remove or ()}
        answer = _changed(client, clinic_id, {"holidays": sorted(days)}, ask=not yes)
    _show(answer, as_json=as_json)


@clinic.command()
def policies(
    context: typer.Context,
    which: ClinicArgument,
    language: Annotated[str, typer.Option(metavar="en|ja", help="Of the sentences.")] = "",
    as_json: Json = False,
) -> None:
    """Explain the rules of a clinic for bookings."""
    with session(context) as client:
        answer = client.list_policies(words.clinic_id(client, which), language=language)
    made = tables.table("", "Rule", "Value", "Meaning")
    for each in answer.policies:
        made.add_row(each.name, str(each.number), plain(each.text))
    present(answer, made, as_json=as_json)


@clinic.command()
def add_doctor(
    context: typer.Context,
    which: ClinicArgument,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    specialty: Annotated[str, typer.Argument(metavar="SPECIALTY")],
    as_json: Json = False,
) -> None:
    """Add a doctor to a clinic (staff, admins); `yoyaku hours set` gives working hours."""
    with session(context) as client:
        answer = client.create_doctor(clinic_id=words.clinic_id(client, which), name=name, specialty=specialty)
    doctor = answer.doctor
    shown = {"Name": doctor.name, "Specialty": doctor.specialty, "Clinic": doctor.clinic.name, "Id": doctor.id}
    present(answer, details(shown), as_json=as_json)


def _changed(client: BlockingClient, clinic_id: str, wanted: dict[str, Any], *, ask: bool) -> UpdateClinicResponse:
    """Change a clinic, after a yes if it is to be asked for and the change does something to bookings."""
    preview = client.update_clinic(clinic_id, **wanted, validate_only=True)
    if ask and preview.consequences:
        typer.echo(_told(preview), err=True)
        typer.confirm("Change it?", abort=True, err=True)
    return client.update_clinic(clinic_id, **wanted, etag=preview.clinic.etag)


def _show(answer: UpdateClinicResponse, *, as_json: bool) -> None:
    if not as_json and answer.consequences:
        typer.echo(_told(answer), err=True)
    present(answer, _details(answer.clinic), as_json=as_json)


def _details(found: Clinic) -> Table:
    return details(
        {
            "Name": found.name,
            "Time zone": found.time_zone,
            "Address": found.address,
            "Phone": found.phone,
            "Languages": ", ".join(found.languages),
            "Holidays": ", ".join(found.holidays),
            "Without signing in": "visible" if found.public_browsing else "hidden",
            "Id": found.id,
        }
    )


def _told(answer: UpdateClinicResponse) -> str:
    moved = [f"  {each.local_time_before} -> {each.local_time_after}  {each.appointment_id}" for each in answer.shifted]
    left = [f"  {each.start_time.ToDatetime():%Y-%m-%d %H:%M} UTC  {each.appointment_id}" for each in answer.uncovered]
    return escaped("\n".join([*answer.consequences, *moved, *left]))
