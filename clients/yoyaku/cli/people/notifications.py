"""Commands for what is sent to patients."""

from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from yoyaku.cli.output import tables
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1 import notification_service_pb2 as pb
from yoyaku.v1.notification_pb2 import NotificationStatus


class StatusFilter(StrEnum):
    """The status of a notification."""

    PLANNED = "planned"
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


@app.command()
def notifications(
    context: typer.Context,
    appointment: Annotated[str, typer.Option(metavar="ID", help="Only those about this appointment.")] = "",
    status: Annotated[
        StatusFilter | None, typer.Option(help="Only those with this status; dead means dead letters.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List what is sent to patients (admins)."""
    value = NotificationStatus.Value(f"NOTIFICATION_STATUS_{(status or 'unspecified').upper()}")
    with session(context) as client:
        found = list(islice(client.notifications(appointment_id=appointment, status=value), limit))
    answer = pb.ListNotificationsResponse(notifications=found)
    present(answer, tables.notification_table(found) if found else "no notifications", as_json=as_json)


@app.command()
def retry_notification(
    context: typer.Context,
    notification_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Dead letters.")],
) -> None:
    """Send dead letters again (admins).

    One whose outcome is unknown may then arrive twice.
    """
    with session(context) as client:
        for each in notification_ids:
            client.retry_notification(each)
            typer.echo(f"{each} is tried again")
