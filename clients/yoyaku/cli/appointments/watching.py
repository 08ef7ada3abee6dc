"""The command that shows days as they change."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from google.protobuf.json_format import MessageToJson
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from yoyaku import YoyakuError
from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import Clinic
from yoyaku.cli.failures import usage
from yoyaku.cli.output.escaping import escaped, plain
from yoyaku.cli.output.layout import fitted
from yoyaku.cli.output.tables import table
from yoyaku.cli.session import Json, app, session
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
    """Show slots as they change, until Ctrl-C.

    Of some doctors, or of all of a clinic. --json prints a line for each change. Without a terminal the whole table is
    printed for each.
    """
    if bool(doctors) == bool(clinic):
        raise usage("say whose days: DOCTOR..., or --clinic CLINIC")
    with session(context) as client:
        ids = [words.doctor_id(client, each) for each in doctors or ()]
        clinic = words.clinic_id(client, clinic)
        if as_json:
            for each in client.watch_slots(ids, clinic_id=clinic, date=day, lost=_tell):
                typer.echo(_line(each))
            return
        board = _Board({each.id: each.name for each in client.doctors(clinic_id=clinic)})
        console = Console(highlight=False)
        if not console.is_terminal:  # What was printed cannot be drawn over.
            for each in client.watch_slots(ids, clinic_id=clinic, date=day, lost=_tell):
                board.show(each)
                console.print(board.drawn(console.width))
            return
        with Live(console=console, get_renderable=lambda: board.drawn(console.width), refresh_per_second=1) as screen:
            for each in client.watch_slots(ids, clinic_id=clinic, date=day, lost=board.lose):
                board.show(each)
                screen.refresh()


def _tell(error: YoyakuError) -> None:
    typer.echo(escaped(f"the server does not answer, trying again: {error.message}"), err=True)


@dataclass(slots=True)
class _Board:
    """What is on the screen; drawn once a second, for the clock."""

    names: dict[str, str]
    days: dict[str, ScheduleDay] = field(default_factory=dict)
    lost: str = ""
    """Since when the server does not answer, on this machine's clock."""

    def show(self, day: ScheduleDay) -> None:
        """Show a day that has arrived."""
        self.days[day.doctor_id] = day
        self.lost = ""

    def lose(self, _: YoyakuError) -> None:
        """Say that the server does not answer."""
        self.lost = self.lost or f"{datetime.now().astimezone():%H:%M:%S}"

    def drawn(self, width: int) -> Group:
        """The clinic's time, and a row for each doctor."""
        made = table(self._clocks(), "Doctor", "Day", "Free", "Slots")
        for day in sorted(self.days.values(), key=lambda each: self.names.get(each.doctor_id, each.doctor_id)):
            free = sum(slot.state == SlotState.SLOT_STATE_FREE for slot in day.slots)
            name = self.names.get(day.doctor_id, day.doctor_id)
            made.add_row(plain(name), f"{day.date} ({day.time_zone})", str(free), _slots(day))
        lost = f"The server has not answered since {self.lost}: this may be out of date. Trying again."
        return Group(*([Text(lost, style="bold red")] if self.lost else []), fitted(made, width))

    def _clocks(self) -> str:
        zones = sorted({day.time_zone for day in self.days.values()})
        return ", ".join(f"{datetime.now(ZoneInfo(zone)):%H:%M:%S} in {zone}" for zone in zones) or "Connecting"


def _line(day: ScheduleDay) -> str:
    return MessageToJson(day, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=None)


def _slots(day: ScheduleDay) -> Text:
    if not day.slots:
        return Text(ClosedReason.Name(day.closed_reason).removeprefix("CLOSED_REASON_").lower().replace("_", " "))
    return Text(" ").join(map(_slot, day.slots))


def _slot(slot: DaySlot) -> Text:
    return Text(slot.time_slot, style=_STYLES.get(slot.state, ""))
