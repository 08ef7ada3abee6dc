"""Commands for one's own second factor."""

from collections.abc import Iterable

import typer

from yoyaku.cli.output import tables
from yoyaku.cli.output.layout import details
from yoyaku.cli.people.accounts import typed
from yoyaku.cli.session import Json, app, present, session

factor = typer.Typer(
    help="Your second factor: codes of an authenticator app (doctors, staff, admins).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(factor, name="second-factor")


@factor.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show whether you have one, and how many recovery codes are left."""
    with session(context) as client:
        answer = client.get_second_factor()
    if not answer.HasField("confirm_time"):
        present(answer, "no second factor: set one up with `yoyaku second-factor set-up`", as_json=as_json)
        return
    shown = {"Since": f"{tables.utc(answer.confirm_time)} UTC", "Recovery codes left": str(answer.recovery_codes_left)}
    present(answer, details(shown), as_json=as_json)


@factor.command()
def set_up(context: typer.Context) -> None:
    """Set one up: asks for the password, prints a secret for the app, asks for a code, prints recovery codes.

    Reads the password and the code from standard input if that is no terminal, a line each.
    """
    password = typed("Password")
    with session(context) as client:
        made = client.enrol_second_factor(password)
        typer.echo(f"Enter this in your authenticator app:\n  {made.secret}\nor open this address there:\n  {made.uri}")
        answer = client.confirm_second_factor(typed("Code of the app"))
    _print_codes(answer.recovery_codes)


@factor.command()
def renew_codes(context: typer.Context) -> None:
    """Get other recovery codes; those from before no longer work."""
    with session(context) as client:
        answer = client.renew_recovery_codes(typed("Code"))
    _print_codes(answer.recovery_codes)


@factor.command()
def remove(context: typer.Context) -> None:
    """Sign in with the password alone from now on.

    Asks for the password and a code, or reads them from standard input, a line each.
    """
    password, code = typed("Password"), typed("Code")
    with session(context) as client:
        client.remove_second_factor(password, code)
    typer.echo("removed: the password alone signs in")


def _print_codes(codes: Iterable[str]) -> None:
    typer.echo("Keep these recovery codes in a safe place. Each signs you in once without the app:")
    for each in codes:
        typer.echo(f"  {each}")
