"""Commands for accounts and patients."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from yoyaku.cli import tables, words
from yoyaku.cli.layout import details
from yoyaku.cli.session import Json, app, present, session
from yoyaku.cli.signing_in import secret
from yoyaku.v1.account_role_pb2 import AccountRole


class Role(StrEnum):
    """What a person's account may do."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    STAFF = "staff"
    ADMIN = "admin"


@app.command()
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person signs in with it.")],
    role: Annotated[Role, typer.Option(metavar="ROLE", help=", ".join(Role))],
    clinics: Annotated[
        list[str] | None, typer.Option("--clinic", metavar="ID", help="Of staff and admins; may be repeated.")
    ] = None,
    patient: Annotated[str, typer.Option(metavar="ID", help="Of a patient: who it is.")] = "",
    doctor: Annotated[str, typer.Option(metavar="DOCTOR", help="Of a doctor: who it is; id or part of the name.")] = "",
    as_json: Json = False,
) -> None:
    """Invite somebody to set a password (admins).

    The token that it prints gives the account to whoever has it: hand it over in person or through a safe channel.
    """
    with session(context) as client:
        answer = client.invite_account(
            email=email,
            role=AccountRole.Value(f"ACCOUNT_ROLE_{role.upper()}"),
            clinic_ids=clinics or (),
            patient_id=patient,
            doctor_id=words.doctor_id(client, doctor) if doctor else "",
        )
    shown = {
        "Account": answer.account_id,
        "Token": answer.set_password_token,
        "Until": f"{tables.utc(answer.expire_time)} UTC",
        "Next": "the person runs `yoyaku set-password`, and then signs in",
    }
    present(answer, details(shown), as_json=as_json)


@app.command()
def set_password(context: typer.Context) -> None:
    """Set a password with a token of `invite`.

    Asks for the token and the password, or reads them from standard input, a line each.
    """
    token, password = secret("Token"), secret("New password", twice=True)
    with session(context, signing_in=True) as client:
        client.set_password(token, password)
    typer.echo("the password is set: sign in with `yoyaku login EMAIL`")


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
