"""Commands that sign in and out."""

import sys
from typing import Annotated

import typer

from yoyaku.cli.session import app, session


@app.command()
def login(context: typer.Context, email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """Sign in for the commands that follow; prompts for the password, or reads it from standard input."""
    password = typer.prompt("Password", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    with session(context, signing_in=True) as client:
        client.login(email, password.rstrip("\r\n"))
    typer.echo(f"signed in at {context.obj.address}")


@app.command()
def logout(context: typer.Context) -> None:
    """Sign out: the session ends, and its tokens are removed."""
    with session(context, signing_in=True) as client:
        client.logout()
    typer.echo(f"signed out at {context.obj.address}")
