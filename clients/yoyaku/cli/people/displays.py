"""Commands for the screens in waiting rooms."""

from typing import Annotated

import typer

from yoyaku.cli import words
from yoyaku.cli.output import tables
from yoyaku.cli.session import Json, app, present, session

displays = typer.Typer(help="Screens in waiting rooms (staff, admins).", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(displays, name="displays")

Clinic = Annotated[
    str, typer.Option(metavar="CLINIC", help="Id or part of the name; may be omitted by staff of only one.")
]


@displays.command("list")
def list_displays(context: typer.Context, clinic: Clinic = "", as_json: Json = False) -> None:
    """List the displays of a clinic."""
    with session(context) as client:
        answer = client.list_displays(words.clinic_id(client, clinic) or words.own_clinic(client))
    shown = tables.display_table(answer.displays) if answer.displays else "no displays"
    present(answer, shown, as_json=as_json)


@displays.command()
def confirm(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="As the display shows it.")],
    clinic: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLINIC",
            help="Id or part of the name; may be omitted by staff of only one. Repeated: a screen shows all of them.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call it.")] = "Waiting room",
    kiosk: Annotated[bool, typer.Option("--kiosk", help="Patients check in at it.")] = False,
    as_json: Json = False,
) -> None:
    """Let the display that shows a code show a clinic's doctors."""
    with session(context) as client:
        first, *others = [words.clinic_id(client, each) for each in clinic or ()] or [words.own_clinic(client)]
        answer = client.confirm_display(code, clinic_id=first, name=name, kiosk=kiosk, other_clinic_ids=others)
    present(answer, tables.display_table([answer.display]), as_json=as_json)


@displays.command()
def revoke(
    context: typer.Context, display_id: Annotated[str, typer.Argument(metavar="ID", help="From `displays list`.")]
) -> None:
    """Take a display's credential away for good."""
    with session(context) as client:
        client.revoke_display(display_id)
    typer.echo("revoked: the display shows a new code soon")
