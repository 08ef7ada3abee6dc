"""Commands that sign in and out."""

import sys
from typing import Annotated

import typer

from yoyaku.cli.session import Json, app, present, session
from yoyaku.cli.tables import account_details


@app.command()
def login(context: typer.Context, email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Sign in for the commands that follow.

    Asks for the password, or reads it from standard input.
    """
    password = secret("Password")
    with session(context, signing_in=True) as client:
        client.login(email, password)
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
    present(answer, account_details(answer.account, context.obj.address), as_json=as_json)


def secret(prompt: str, *, twice: bool = False) -> str:
    """What the user types without being shown it, or the next line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))
