"""Commands of the clinic's day: tickets, calls, and the lanes as they change."""

from collections.abc import Iterable
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson
from rich.console import Console
from rich.table import Table

from yoyaku import YoyakuError
from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument
from yoyaku.cli.output.escaping import escaped, plain
from yoyaku.cli.output.layout import fitted
from yoyaku.cli.output.tables import table
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.queue_pb2 import Lane, QueueRules, Ticket, TicketStatus

queue = typer.Typer(help="The clinic's day: tickets, calls and lanes.", no_args_is_help=True)
app.add_typer(queue, name="queue")

ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help="Id, or part of the name.")]
TicketArgument = Annotated[str, typer.Argument(metavar="TICKET", help="Its label, such as A12, or its id.")]


@queue.command(name="walk-in")
def walk_in(context: typer.Context, doctor: DoctorArgument, as_json: Json = False) -> None:
    """A ticket for somebody without an appointment."""
    with session(context) as client:
        answer = client.register_walk_in(words.doctor_id(client, doctor))
    present(answer, _tickets([answer.ticket]), as_json=as_json)


@queue.command(name="next")
def call_next(
    context: typer.Context,
    doctor: DoctorArgument,
    room: Annotated[str, typer.Option(help="Where to, such as 'Room 3'.")],
    as_json: Json = False,
) -> None:
    """Call the next one to a room; whoever was called there before is done."""
    with session(context) as client:
        answer = client.call_next(words.doctor_id(client, doctor), room)
    present(answer, _tickets([answer.ticket]), as_json=as_json)


@queue.command()
def recall(context: typer.Context, doctor: DoctorArgument, ticket: TicketArgument, as_json: Json = False) -> None:
    """Call a ticket again."""
    with session(context) as client:
        lane = client.get_lane(words.doctor_id(client, doctor)).lane
        answer = client.recall(lane.lane_id, _ticket_id(lane, ticket))
    present(answer, _tickets([answer.ticket]), as_json=as_json)


@queue.command()
def skip(context: typer.Context, doctor: DoctorArgument, ticket: TicketArgument, as_json: Json = False) -> None:
    """Pass over a ticket whose holder is not there."""
    with session(context) as client:
        lane = client.get_lane(words.doctor_id(client, doctor)).lane
        answer = client.skip(lane.lane_id, _ticket_id(lane, ticket))
    present(answer, _tickets([answer.ticket]), as_json=as_json)


@queue.command()
def move(
    context: typer.Context,
    doctor: DoctorArgument,
    ticket: TicketArgument,
    position: Annotated[int, typer.Argument(min=1, help="1 is called next.")],
    reason: Annotated[str, typer.Option(help="Why, in words.")],
    as_json: Json = False,
) -> None:
    """Move a ticket to another position among those who wait."""
    with session(context) as client:
        lane = client.get_lane(words.doctor_id(client, doctor)).lane
        answer = client.move_ticket(lane.lane_id, _ticket_id(lane, ticket), position - 1, reason)
    present(answer, _tickets([answer.ticket]), as_json=as_json)


@queue.command()
def close(
    context: typer.Context,
    doctor: DoctorArgument,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open it again.")] = False,
) -> None:
    """Let nobody new into a doctor's queue today."""
    with session(context) as client:
        client.close_lane(words.doctor_id(client, doctor), reopen=reopen)
    typer.echo("open again" if reopen else "closed for today")


@queue.command()
def announce(
    context: typer.Context,
    clinic: ClinicArgument,
    text: Annotated[str, typer.Argument(help="A line for screens to show; empty to say nothing any more.")],
    doctor: Annotated[str, typer.Option(help="Only to those who wait for this doctor: id, or part of the name.")] = "",
) -> None:
    """Set the line that screens show at a clinic, until it is changed."""
    with session(context) as client:
        clinic_id = words.clinic_id(client, clinic)
        lane_id = words.doctor_id(client, doctor) if doctor else ""
        shown = client.set_announcement(clinic_id, text, lane_id=lane_id).announcement
    typer.echo(f"screens say: {plain(shown)}" if shown else "screens say nothing any more")


@queue.command()
def rules(
    context: typer.Context,
    clinic: ClinicArgument,
    late: Annotated[int | None, typer.Option(help="Minutes after the start from which a check-in is late.")] = None,
    behind: Annotated[int | None, typer.Option(help="How many who wait go before somebody late.")] = None,
    walk_in: Annotated[int | None, typer.Option(help="Minutes after arrival when a walk-in is due.")] = None,
    check_in: Annotated[int | None, typer.Option(help="Minutes before the start when patients may check in.")] = None,
    no_show: Annotated[
        int | None, typer.Option(help="Minutes after the start when a patient is marked as a no-show; 0: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a clinic's rules for its queues, or change those that are given."""
    given = {
        "late_minutes": late,
        "late_behind": behind,
        "walk_in_minutes": walk_in,
        "check_in_minutes": check_in,
        "no_show_minutes": no_show,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    with session(context) as client:
        clinic_id = words.clinic_id(client, clinic)
        found = client.get_queue_rules(clinic_id).rules
        if changes:
            etag, changed = found.etag, QueueRules()
            changed.CopyFrom(found)
            changed.ClearField("etag")
            for name, value in changes.items():
                setattr(changed, name, value)
            if not changed.no_show_minutes:
                changed.ClearField("no_show_minutes")
            found = client.set_queue_rules(clinic_id, changed, etag=etag).rules
    present(found, _rules(found), as_json=as_json)


@queue.command()
def show(context: typer.Context, doctor: DoctorArgument, as_json: Json = False) -> None:
    """Who is called and who waits for a doctor."""
    with session(context) as client:
        answer = client.get_lane(words.doctor_id(client, doctor))
    present(answer, _lane(answer.lane), as_json=as_json)


@queue.command()
def watch(
    context: typer.Context,
    clinic: ClinicArgument,
    as_json: Json = False,
) -> None:
    """Print the lanes of a clinic as they change, until Ctrl-C; --json prints a line for each change."""
    console = Console(highlight=False)
    with session(context) as client:
        for lane in client.watch_queue(words.clinic_id(client, clinic), lost=_tell):
            if as_json:
                typer.echo(MessageToJson(lane, preserving_proto_field_name=True, indent=None))
            else:
                console.print(fitted(_lane(lane), console.width))


def _tell(error: YoyakuError) -> None:
    typer.echo(escaped(f"the server does not answer, trying again: {error.message}"), err=True)


def _ticket_id(lane: Lane, ticket: str) -> str:
    """The id of a ticket of the lane by its label; anything else is taken for an id."""
    found = {each.label: each.id for each in (*lane.now_serving, *lane.waiting, *lane.skipped)}
    return found.get(ticket.upper(), ticket)


def _lane(lane: Lane) -> Table:
    closed = ", closed" if lane.closed else ""
    return _tickets([*lane.now_serving, *lane.waiting, *lane.skipped], f"{lane.letter}: {lane.doctor_name}{closed}")


def _rules(rules: QueueRules) -> Table:
    made = table("", "Rule", "Value")
    no_show = f"{rules.no_show_minutes} minutes after the start" if rules.HasField("no_show_minutes") else "never"
    for name, value in (
        ("late", f"{rules.late_minutes} minutes after the start"),
        ("who is late goes behind", f"{rules.late_behind} who wait"),
        ("a walk-in is due", f"{rules.walk_in_minutes} minutes after arrival"),
        ("patients check in from", f"{rules.check_in_minutes} minutes before the start"),
        ("marked as a no-show", no_show),
    ):
        made.add_row(name, value)
    return made


def _tickets(tickets: Iterable[Ticket], title: str = "") -> Table:
    made = table(title, "Ticket", "Status", "Room", "Calls", "Id")
    for each in tickets:
        status = TicketStatus.Name(each.status).removeprefix("TICKET_STATUS_").lower()
        made.add_row(*map(plain, (each.label, status, each.room, str(each.calls), each.id)))
    return made
