"""The command that shows days as they change."""

from datetime import date, datetime
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from yoyaku.cli import words
from yoyaku.cli.browsing import Clinic
from yoyaku.cli.failures import usage
from yoyaku.cli.session import Json, app, session
from yoyaku.cli.shown import plain
from yoyaku.cli.tables import table
from yoyaku.v1.schedule_pb2 import ClosedReason, DaySlot, ScheduleDay, SlotState

_STYLES: dict[int, str] = {
    SlotState.SLOT_STATE_FREE: "bold green",
    SlotState.SLOT_STATE_TAKEN: "red strike",
    SlotState.SLOT_STATE_PAST: "dim",
    SlotState.SLOT_STATE_ELSEWHERE: "yellow strike",
}


@app.command()
def watch(
    context: typer.Context,
    doctors: Annotated[list[str] | None, typer.Argument(metavar="DOCTOR...", help="Ids, or parts of names.")] = None,
    clinic: Clinic = "",
    day: Annotated[
        date | None, typer.Option("--date", parser=words.day, metavar="DATE", help="YYYY-MM-DD; today if omitted.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the slots of doctors, or of a clinic's, as they change, until Ctrl-C; --json prints a line per change."""
    if bool(doctors) == bool(clinic):
        raise usage("say whose days: DOCTOR..., or --clinic ID")
    with session(context) as client:
        ids = [words.doctor_id(client, each) for each in doctors or ()]
        days = client.watch_slots(ids, clinic_id=clinic, date=day)
        if as_json:
            for each in days:
                typer.echo(_line(each))
            return
        names = {each.id: each.name for each in client.doctors(clinic_id=clinic)}
        shown: dict[str, ScheduleDay] = {}
        with Live(console=Console(highlight=False), auto_refresh=False) as screen:
            for each in days:
                shown[each.doctor_id] = each
                screen.update(_board(list(shown.values()), names), refresh=True)


def _line(day: ScheduleDay) -> str:
    return MessageToJson(day, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=None)


def _board(days: list[ScheduleDay], names: dict[str, str]) -> Table:
    made = table(f"Changed {datetime.now().astimezone():%H:%M:%S}", "Doctor", "Day", "Free", "Slots")
    for day in sorted(days, key=lambda each: names.get(each.doctor_id, each.doctor_id)):
        free = sum(slot.state == SlotState.SLOT_STATE_FREE for slot in day.slots)
        name = names.get(day.doctor_id, day.doctor_id)
        made.add_row(plain(name), f"{day.date} ({day.time_zone})", str(free), _slots(day))
    return made


def _slots(day: ScheduleDay) -> Text:
    if not day.slots:
        return Text(ClosedReason.Name(day.closed_reason).removeprefix("CLOSED_REASON_").lower().replace("_", " "))
    return Text(" ").join(map(_slot, day.slots))


def _slot(slot: DaySlot) -> Text:
    return Text(slot.time_slot, style=_STYLES.get(slot.state, ""))
