"""Commands that say how far a visit has come."""

from typing import Annotated

import typer

from yoyaku.cli.appointments.changing import Etag
from yoyaku.cli.output.tables import appointment_details
from yoyaku.cli.session import Json, app, present, session


@app.command(name="check-in")
def check_in(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """The patient has arrived, also late after all (staff, doctor)."""
    with session(context) as client:
        answer = client.check_in_appointment(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def start(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """The patient is with the doctor (staff, doctor)."""
    with session(context) as client:
        answer = client.start_appointment(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def complete(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """The visit is over (staff, doctor)."""
    with session(context) as client:
        answer = client.complete_appointment(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command(name="no-show")
def no_show(context: typer.Context, appointment_id: str, etag: Etag = "", as_json: Json = False) -> None:
    """The patient did not come; the slot is free (staff, doctor)."""
    with session(context) as client:
        answer = client.mark_no_show(appointment_id, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)


@app.command()
def revert(
    context: typer.Context,
    appointment_id: str,
    reason: Annotated[str, typer.Option(help="Why, in words; the patient can read it too.")],
    etag: Etag = "",
    as_json: Json = False,
) -> None:
    """Set a visit back by one step: checked in, in progress, completed or no-show (staff, doctor)."""
    with session(context) as client:
        answer = client.revert_status(appointment_id, reason, etag=etag)
    present(answer, appointment_details(answer.appointment), as_json=as_json)
