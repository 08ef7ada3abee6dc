"""Commands for accounts: signing in and out, inviting, setting passwords, disabling."""

import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from yoyaku import Unauthenticated
from yoyaku.cli import words
from yoyaku.cli.output import tables
from yoyaku.cli.output.layout import details
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.account_messages_pb2 import InviteAccountResponse, ResetPasswordResponse
from yoyaku.v1.account_role_pb2 import AccountRole

account = typer.Typer(help="Accounts of others (admins).", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(account, name="account")


class Role(StrEnum):
    """What a person's account may do."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    STAFF = "staff"
    ADMIN = "admin"


@app.command()
def login(context: typer.Context, email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Sign in for the commands that follow.

    Asks for the password and, if the account has a second factor, for a code; or reads them from standard input, a line
    each.
    """
    password = typed("Password")
    with session(context, signing_in=True) as client:
        try:
            answer = client.login(email, password)
        except Unauthenticated as error:
            if error.reason != "SECOND_FACTOR_REQUIRED":
                raise
            answer = client.login(email, password, typed("Code of your app, or a recovery code"))
    typer.echo(f"signed in at {context.obj.address}")
    if answer.account.second_factor_missing:
        typer.echo("your account needs a second factor: run `yoyaku second-factor set-up`")


@app.command()
def sign_up(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    name: Annotated[str, typer.Option(metavar="NAME", help="As on your papers.")],
    birth_date: Annotated[datetime, typer.Option(metavar="DATE", formats=["%Y-%m-%d"])],
    language: Annotated[str, typer.Option(metavar="en|ja", help="Of the mail and of notices.")] = "",
) -> None:
    """Register as a patient and sign in: asks for a password, then for the code from the mail."""
    password = typed("New password")
    with session(context, signing_in=True) as client:
        begun = client.request_registration(email, password, name=name, birth_date=birth_date.date(), language=language)
        client.confirm_registration(begun.registration_id, typed("Code from the mail"))
    typer.echo(f"signed in at {context.obj.address}")


@app.command()
def logout(context: typer.Context) -> None:
    """Sign out: the session ends everywhere."""
    with session(context, signing_in=True) as client:
        client.logout()
    typer.echo(f"signed out at {context.obj.address}")


@app.command()
def whoami(context: typer.Context, as_json: Json = False) -> None:
    """Show who is signed in, and where."""
    with session(context) as client:
        answer = client.get_me()
    present(answer, tables.account_details(answer.account, context.obj.address), as_json=as_json)


@app.command()
def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person signs in with it.")],
    role: Annotated[Role, typer.Option(metavar="ROLE", help=", ".join(Role))],
    clinics: Annotated[
        list[str] | None,
        typer.Option(
            "--clinic", metavar="CLINIC", help="Of staff and admins; id or part of the name; may be repeated."
        ),
    ] = None,
    patient: Annotated[str, typer.Option(metavar="ID", help="Of a patient: who it is.")] = "",
    doctor: Annotated[str, typer.Option(metavar="DOCTOR", help="Of a doctor: who it is; id or part of the name.")] = "",
    as_json: Json = False,
) -> None:
    """Invite somebody, who gets a mail with a link to set a password (admins).

    Where no links are sent, it prints a token: hand it over in person or through a safe channel, since it gives the
    account to whoever has it.
    """
    with session(context) as client:
        answer = client.invite_account(
            email=email,
            role=AccountRole.Value(f"ACCOUNT_ROLE_{role.upper()}"),
            clinic_ids=[words.clinic_id(client, each) for each in clinics or ()],
            patient_id=patient,
            doctor_id=words.doctor_id(client, doctor) if doctor else "",
        )
    present(answer, details({"Account": answer.account_id, **_next(answer)}), as_json=as_json)


AccountId = Annotated[str, typer.Argument(metavar="ID", help="As `invite` prints it.")]


@account.command()
def disable(context: typer.Context, account_id: AccountId) -> None:
    """End an account and all its sessions (admins)."""
    with session(context) as client:
        client.disable_account(account_id)
    typer.echo(f"disabled: `yoyaku account enable {account_id}` lets it sign in again")


@account.command()
def enable(context: typer.Context, account_id: AccountId) -> None:
    """Let a disabled account sign in again, with the password that it had (admins)."""
    with session(context) as client:
        client.enable_account(account_id)
    typer.echo(f"enabled: if others know the password, run `yoyaku account reset-password {account_id}`")


@account.command()
def reset_password(context: typer.Context, account_id: AccountId, as_json: Json = False) -> None:
    """End an account's password and sessions; its owner gets a mail with a link to set a new one (admins).

    Where no links are sent, it prints a token instead.
    """
    with session(context) as client:
        answer = client.reset_password(account_id)
    present(answer, details(_next(answer)), as_json=as_json)


@account.command()
def reset_second_factor(context: typer.Context, account_id: AccountId) -> None:
    """Remove the second factor of somebody who has lost the app and the recovery codes (admins).

    Make sure who asks for it: afterwards the password alone signs in.
    """
    with session(context) as client:
        client.reset_second_factor(account_id)
    typer.echo("removed: the person signs in with the password, and sets another one up")


@app.command()
def forgot_password(context: typer.Context, email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Have a link to set a new password sent to your email."""
    with session(context, signing_in=True) as client:
        client.request_password_reset(email)
    typer.echo("if an account has this email, a link is on its way: open it, and choose a new password")


@app.command()
def set_password(context: typer.Context) -> None:
    """Set a password with a token of `invite`.

    Asks for the token and the password, or reads them from standard input, a line each.
    """
    token, password = typed("Token"), typed("New password", twice=True)
    with session(context, signing_in=True) as client:
        client.set_password(token, password)
    typer.echo("the password is set: sign in with `yoyaku login EMAIL`")


def _next(answer: InviteAccountResponse | ResetPasswordResponse) -> dict[str, str]:
    """What the person does next, and until when."""
    until = {"Until": f"{tables.utc(answer.expire_time)} UTC"}
    if not answer.set_password_token:
        return until | {"Next": "the person opens the link in the mail, and chooses a password"}
    said = "the person runs `yoyaku set-password`, and then signs in"
    return {"Token": answer.set_password_token, **until, "Next": said}


def typed(prompt: str, *, twice: bool = False) -> str:
    """What the user types without being shown it, or the next line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))
