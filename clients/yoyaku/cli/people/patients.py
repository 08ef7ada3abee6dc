"""Commands for patients."""

from datetime import date
from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.failures import usage
from yoyaku.cli.output import tables
from yoyaku.cli.session import Json, app, own_patient, present, session


@app.command()
def patient(context: typer.Context, patient_id: str, as_json: Json = False) -> None:
    """Show one patient."""
    with session(context) as client:
        answer = client.get_patient(patient_id)
    present(answer, tables.patient_details(answer.patient), as_json=as_json)


@app.command()
def register(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As on the patient's papers.")],
    born: Annotated[date | None, typer.Option(parser=words.day, metavar="DATE", help="Birth date, YYYY-MM-DD.")] = None,
    phone: Annotated[str, typer.Option(metavar="NUMBER", help="With country code, such as +81312345678.")] = "",
    email: Annotated[str, typer.Option(metavar="EMAIL", help="Notices go there.")] = "",
    language: Annotated[str, typer.Option(metavar="en|ja", help="Of notices.")] = "",
    as_json: Json = False,
) -> None:
    """Register a patient (staff, hospital systems)."""
    with session(context) as client:
        answer = client.register_patient(name=name, birth_date=born, phone=phone, email=email, language=language)
    present(answer, tables.patient_details(answer.patient), as_json=as_json)


@app.command()
def confirm_contact(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Six digits, as they were sent.")],
    patient: Annotated[str, typer.Option(metavar="ID", help="Patient id; patients may omit it for themselves.")] = "",
    as_json: Json = False,
) -> None:
    """Confirm a new email address or phone number.

    With the code that was sent to it.
    """
    patient_id = patient or own_patient(context)
    if not patient_id:
        raise usage("say whose it is: --patient ID (`yoyaku patients NAME` finds it)")
    with session(context) as client:
        answer = client.confirm_contact(patient_id, code)
    reached = " and ".join(filter(None, (answer.patient.email, answer.patient.phone)))
    present(answer, f"confirmed: notices reach {answer.patient.name} at {reached}", as_json=as_json)
