"""Commands that only show data."""

from datetime import date, timedelta
from itertools import islice
from typing import Annotated

import typer

from yoyaku import BlockingClient
from yoyaku.cli import words
from yoyaku.cli.failures import usage
from yoyaku.cli.output import tables
from yoyaku.cli.session import Json, app, own_patient, present, session
from yoyaku.v1 import appointment_service_pb2, directory_service_pb2
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.patient_pb2 import Identifier
from yoyaku.v1.schedule_pb2 import ClosedReason
from yoyaku.v1.schedule_service_pb2 import ListAvailableSlotsResponse

DoctorArgument = Annotated[str, typer.Argument(metavar="DOCTOR", help="Id, or a part of the name that only one has.")]
DayOption = Annotated[date | None, typer.Option("--date", parser=words.day, metavar="DATE", help="YYYY-MM-DD.")]
Clinic = Annotated[str, typer.Option("--clinic", metavar="CLINIC", help="Only of this clinic; id or part of the name.")]

TypeOption = Annotated[
    str, typer.Option("--type", metavar="TYPE", help="A type of appointment of the clinic; id or part of the name.")
]

_CLOSED = {
    ClosedReason.CLOSED_REASON_UNSPECIFIED: "every slot of that day is taken",
    ClosedReason.CLOSED_REASON_NOT_WORKING: "the doctor does not work on that day",
    ClosedReason.CLOSED_REASON_PAST: "that day is over",
    ClosedReason.CLOSED_REASON_BEYOND_HORIZON: "that day is further ahead than the clinic allows bookings",
    ClosedReason.CLOSED_REASON_DOCTOR_INACTIVE: "the doctor takes no more bookings",
    ClosedReason.CLOSED_REASON_HOLIDAY: "the clinic is closed on that day",
}


@app.command()
def slots(
    context: typer.Context,
    doctor: DoctorArgument,
    day: Annotated[date, typer.Argument(metavar="DATE", parser=words.day, help="YYYY-MM-DD.")],
    of_type: TypeOption = "",
    as_json: Json = False,
) -> None:
    """Show the free slots of a doctor on a day."""
    with session(context) as client:
        doctor_id = words.doctor_id(client, doctor)
        type_id = type_of_doctor(client, doctor_id, of_type)
        answer = client.list_available_slots(doctor_id, day, appointment_type_id=type_id)
    title = f"{answer.date} ({answer.time_zone})"
    shown = tables.slot_table(answer.slots, answer.time_zone, title) if answer.slots else _closed(answer)
    present(answer, shown, as_json=as_json)


@app.command()
def search(
    context: typer.Context,
    first: Annotated[date, typer.Argument(metavar="FROM", parser=words.day, help="First day, YYYY-MM-DD.")],
    last: Annotated[
        date | None, typer.Argument(metavar="TO", parser=words.day, help="Last day; the same as FROM if omitted.")
    ] = None,
    clinic: Clinic = "",
    specialty: Annotated[str, typer.Option(help="Only of this specialty, in upper or lower case.")] = "",
    of_type: TypeOption = "",
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many slots.")] = 10,
    as_json: Json = False,
) -> None:
    """Show the earliest free slots of several doctors.

    Of a clinic, of a specialty, or of both.
    """
    if not clinic and not specialty:
        raise usage("say whose slots: --clinic, --specialty, or both")
    with session(context) as client:
        clinic_id = words.clinic_id(client, clinic)
        answer = client.search_available_slots(
            from_date=first,
            to_date=last or first,
            clinic_id=clinic_id,
            specialty=specialty,
            appointment_type_id=words.type_id(client, clinic_id, of_type),
            limit=limit,
        )
    none = "no slot is free on these days: try other days"
    present(answer, tables.found_table(answer.slots) if answer.slots else none, as_json=as_json)


@app.command()
def days(
    context: typer.Context,
    first: Annotated[date, typer.Argument(metavar="FROM", parser=words.day, help="First day, YYYY-MM-DD.")],
    last: Annotated[
        date | None, typer.Argument(metavar="TO", parser=words.day, help="Last day; 30 days after FROM if omitted.")
    ] = None,
    doctor: Annotated[str, typer.Option(metavar="DOCTOR", help="Of this doctor; id or part of the name.")] = "",
    clinic: Clinic = "",
    specialty: Annotated[str, typer.Option(help="Of the clinic, only this specialty, in upper or lower case.")] = "",
    as_json: Json = False,
) -> None:
    """Show how many slots are free on each of up to 62 days.

    Of a doctor, or of all doctors of a clinic.
    """
    if bool(doctor) == bool(clinic) or (specialty and not clinic):
        raise usage("say whose days: --doctor DOCTOR, or --clinic CLINIC with or without --specialty")
    with session(context) as client:
        answer = client.list_available_days(
            from_date=first,
            to_date=last or first + timedelta(days=30),
            doctor_id=words.doctor_id(client, doctor) if doctor else "",
            clinic_id=words.clinic_id(client, clinic),
            specialty=specialty,
        )
    present(answer, tables.day_table(answer.days), as_json=as_json)


@app.command()
def appointments(
    context: typer.Context,
    patient: Annotated[str, typer.Option(metavar="ID", help="Patient id; patients may omit it for themselves.")] = "",
    doctor: Annotated[str, typer.Option(help="Those of this doctor on --date; id or part of the name.")] = "",
    clinic: Annotated[
        str, typer.Option(metavar="CLINIC", help="Those of this clinic on --date; id or part of the name.")
    ] = "",
    day: DayOption = None,
    status: Annotated[
        list[str] | None, typer.Option(parser=words.status, metavar="STATUS", help=", ".join(words.STATUSES))
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="The latest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    as_json: Json = False,
) -> None:
    """List appointments.

    Those of a patient, or of a doctor or a clinic on a day.
    """
    patient = patient or ("" if doctor or clinic else own_patient(context))
    if len([whose for whose in (patient, doctor, clinic) if whose]) != 1 or (day is None and not patient):
        raise usage("say whose: --patient ID, --doctor DOCTOR --date DATE, or --clinic CLINIC --date DATE")
    with session(context) as client:
        rows = client.appointments(
            patient_id=patient,
            doctor_id=words.doctor_id(client, doctor) if doctor else "",
            clinic_id=words.clinic_id(client, clinic),
            date=day,
            statuses=[AppointmentStatus.Value(name) for name in status or ()],
            newest_first=newest,
        )
        found = list(islice(rows, limit + 1))
    answer = appointment_service_pb2.ListAppointmentsResponse(appointments=found[:limit])
    shown = tables.appointment_table(answer.appointments) if found else "no appointments"
    present(answer, shown, as_json=as_json)
    if len(found) > limit:
        typer.echo(f"there are more: use --limit {limit * 5}", err=True)


@app.command()
def show(context: typer.Context, appointment_id: str, as_json: Json = False) -> None:
    """Show one appointment."""
    with session(context) as client:
        answer = client.get_appointment(appointment_id)
    present(answer, tables.appointment_details(answer.appointment), as_json=as_json)


@app.command()
def history(context: typer.Context, appointment_id: str, as_json: Json = False) -> None:
    """Show what happened to an appointment, and why."""
    with session(context) as client:
        found = list(client.appointment_events(appointment_id))
    answer = appointment_service_pb2.ListAppointmentEventsResponse(events=found)
    present(answer, tables.history_table(found), as_json=as_json)


@app.command()
def doctors(
    context: typer.Context,
    clinic: Clinic = "",
    specialty: Annotated[str, typer.Option(help="Only of this specialty, in upper or lower case.")] = "",
    as_json: Json = False,
) -> None:
    """List the doctors who take bookings."""
    with session(context) as client:
        found = list(client.doctors(clinic_id=words.clinic_id(client, clinic), specialty=specialty))
    present(directory_service_pb2.ListDoctorsResponse(doctors=found), tables.doctor_table(found), as_json=as_json)


@app.command()
def clinics(context: typer.Context, as_json: Json = False) -> None:
    """List the clinics."""
    with session(context) as client:
        found = list(client.clinics())
    present(directory_service_pb2.ListClinicsResponse(clinics=found), tables.clinic_table(found), as_json=as_json)


@app.command()
def patients(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Parts of the name or its reading, in any order.")
    ] = None,
    born: Annotated[
        str, typer.Option(metavar="DATE", help="Birth date, YYYY-MM-DD; YYYY-MM or YYYY for a month or a year.")
    ] = "",
    phone: Annotated[str, typer.Option(metavar="DIGITS", help="Last digits of the phone number, at least four.")] = "",
    identifier: Annotated[
        tuple[str, str] | None, typer.Option(metavar="SYSTEM VALUE", help="The patient's id in another system.")
    ] = None,
    language: Annotated[str, typer.Option(metavar="en|ja", help="ja: sort by the reading of the name.")] = "",
    as_json: Json = False,
) -> None:
    """Find patients (staff, hospital systems).

    By any of name, birth date and phone number, or by an identifier.
    """
    name = " ".join(names or ())
    if bool(name or born or phone) == bool(identifier):
        raise usage("search either by any of NAME, --born and --phone, or by --identifier SYSTEM VALUE")
    known = Identifier(system=identifier[0], value=identifier[1]) if identifier else None
    with session(context) as client:
        found = list(client.patients(identifier=known, name=name, birth_date=born, phone=phone, language=language))
    present(directory_service_pb2.SearchPatientsResponse(patients=found), tables.patient_table(found), as_json=as_json)


def type_of_doctor(client: BlockingClient, doctor_id: str, text: str) -> str:
    """The id of a type of appointment at a doctor's clinic; empty for no text."""
    clinic_id = client.get_doctor(doctor_id).doctor.clinic.id if text else ""
    return words.type_id(client, clinic_id, text)


def _closed(answer: ListAvailableSlotsResponse) -> str:
    reason = _CLOSED.get(answer.closed_reason, "the day is closed")
    return f"no slots on {answer.date}: {reason}"
