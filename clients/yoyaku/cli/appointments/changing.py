"""Commands that book, move and cancel."""

from datetime import date, datetime
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument, TypeOption, type_of_doctor
from yoyaku.cli.failures import REFUSED, usage
from yoyaku.cli.output.escaping import escaped
from yoyaku.cli.output.tables import appointment_details
from yoyaku.cli.session import Json, app, own_patient, present, session
from yoyaku.v1.appointment_pb2 import AppointmentStatus

When = Annotated[
    datetime,
    typer.Argument(
        metavar="WHEN", parser=words.moment, help="Start, 2026-11-24T09:30 on the clinic's clock, or with an offset."
    ),
]
Patient = Annotated[str, typer.Option(metavar="ID", help="Patient id; patients may omit it for themselves.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words.")]
Override = Annotated[str, typer.Option(metavar="WHY", help="Staff only: why, although the slot is full.")]
Etag = Annotated[str, typer.Option(help="Only if the appointment still has this etag.")]

_SCHEDULED = AppointmentStatus.APPOINTMENT_STATUS_SCHEDULED
_TOGETHER = 100
"""The most moves that a batch accepts."""


@app.command()
def book(
    context: typer.Context,
    doctor: DoctorArgument,
    when: When,
    patient: Patient = "",
    reason: Reason = "",
    of_type: TypeOption = "",
    override: Override = "",
    as_json: Json = False,
) -> None:
    """Book a slot."""
    patient_id = patient_of(context, patient)
    with session(context, _again("book", doctor, patient_id, reason, of_type)) as client:
        doctor_id = words.doctor_id(client, doctor)
        answer = client.create_appointment(
            patient_id=patient_id,
            doctor_id=doctor_id,
            appointment_type_id=type_of_doctor(client, doctor_id, of_type),
            reason=reason,
            override_reason=override,
            **words.slot(when),
        )
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def hold(
    context: typer.Context,
    doctor: DoctorArgument,
    when: When,
    patient: Patient = "",
    reason: Reason = "",
    of_type: TypeOption = "",
    override: Override = "",
    as_json: Json = False,
) -> None:
    """Hold a slot for five minutes; `yoyaku confirm` books it."""
    patient_id = patient_of(context, patient)
    with session(context, _again("hold", doctor, patient_id, reason, of_type)) as client:
        doctor_id = words.doctor_id(client, doctor)
        answer = client.hold_slot(
            patient_id=patient_id,
            doctor_id=doctor_id,
            appointment_type_id=type_of_doctor(client, doctor_id, of_type),
            reason=reason,
            override_reason=override,
            **words.slot(when),
        )
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def confirm(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """Book a held slot."""
    with session(context) as client:
        answer = client.confirm_hold(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def release(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """Give a held slot back."""
    with session(context) as client:
        answer = client.release_hold(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def reschedule(
    context: typer.Context,
    appointment_id: str,
    when: When,
    doctor: Annotated[str, typer.Option(help="Move it to another doctor; id or part of the name.")] = "",
    override: Override = "",
    etag: Etag = "",
    as_json: Json = False,
) -> None:
    """Move an appointment to another slot.

    It keeps its id, and its old slot if the new one is not available.
    """
    again = ("yoyaku", "reschedule", appointment_id, "{}", *(("--doctor", doctor) if doctor else ()))
    with session(context, again) as client:
        answer = client.reschedule_appointment(
            appointment_id,
            doctor_id=words.doctor_id(client, doctor) if doctor else "",
            etag=etag,
            override_reason=override,
            **words.slot(when),
        )
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def cancel(
    context: typer.Context, appointment_id: str, reason: Reason = "", etag: Etag = "", as_json: Json = False
) -> None:
    """Cancel an appointment; its slot is free at once."""
    with session(context) as client:
        answer = client.cancel_appointment(appointment_id, reason=reason, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command(name="move-day")
def move_day(
    context: typer.Context,
    doctor: DoctorArgument,
    day: Annotated[date, typer.Argument(metavar="DATE", parser=words.day, help="YYYY-MM-DD.")],
    to: Annotated[str, typer.Option("--to", metavar="DOCTOR", help="Who takes over; id or part of the name.")],
) -> None:
    """Move a doctor's day to another doctor (staff).

    Each appointment moves to the slot at the same time. Those that cannot be moved stay and are listed; run it again to
    try those again.
    """
    left = 0
    with session(context) as client:
        cover = words.doctor_id(client, to)
        scheduled = client.appointments(doctor_id=words.doctor_id(client, doctor), date=day, statuses=[_SCHEDULED])
        found = {each.id: each for each in scheduled}
        moves = [client.reschedule_request(each.id, start=each.start_time, doctor_id=cover) for each in found.values()]
        for first in range(0, len(moves), _TOGETHER):
            for result in client.batch_reschedule(moves[first : first + _TOGETHER]).results:
                appointment = found[result.appointment_id]
                refused = result.HasField("error")
                left += refused
                outcome = f"stays: {result.error.message}" if refused else "moved"
                typer.echo(escaped(f"{appointment.time_slot}  {appointment.patient.name}  {appointment.id}  {outcome}"))
    typer.echo(f"{len(found) - left} moved, {left} not")
    if left:
        raise typer.Exit(REFUSED)


def patient_of(context: typer.Context, patient: str) -> str:
    """The patient whom an option names, or who has signed in."""
    if found := patient or own_patient(context):
        return found
    raise usage("say for whom: --patient ID (`yoyaku patients NAME` finds it)")


def _again(command: str, doctor: str, patient_id: str, reason: str, of_type: str) -> tuple[str, ...]:
    """The command with another slot, of which `{}` takes the start."""
    reasoned, typed = ("--reason", reason) if reason else (), ("--type", of_type) if of_type else ()
    return ("yoyaku", command, doctor, "{}", "--patient", patient_id, *reasoned, *typed)
