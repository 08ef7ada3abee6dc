"""Commands for one's own sessions."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from yoyaku.cli.output import tables
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.session_messages_pb2 import AccountSession

sessions = typer.Typer(help="Where you are signed in.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(sessions, name="sessions")


@sessions.command("list")
def list_sessions(context: typer.Context, as_json: Json = False) -> None:
    """List the sessions of your account, the last used one first."""
    with session(context) as client:
        answer = client.list_sessions()
    present(answer, _table(answer.sessions) if answer.sessions else "no sessions", as_json=as_json)


@sessions.command()
def end(
    context: typer.Context, session_id: Annotated[str, typer.Argument(metavar="ID", help="From `sessions list`.")]
) -> None:
    """End a session of your account: it is signed out within seconds."""
    with session(context) as client:
        client.end_session(session_id)
    typer.echo("ended: change the password if it was not yours")


def _table(found: Iterable[AccountSession]) -> Table:
    made = tables.table("", "Last used (UTC)", "Began (UTC)", "With", "", "Id")
    for each in found:
        device = " on ".join(part for part in (each.program, each.system) if part)
        this = "this one" if each.current else ""
        made.add_row(tables.utc(each.last_use_time), tables.utc(each.create_time), plain(device), this, plain(each.id))
    return made
