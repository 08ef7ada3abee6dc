"""Parses what people type: days, times, statuses, and doctors and clinics by name."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import typer

from yoyaku import BlockingClient
from yoyaku.cli.failures import usage
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.resource_pb2 import Resource, ResourceRef
from yoyaku.v1.schedule_pb2 import Session, Weekday

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_STATUS = "APPOINTMENT_STATUS_"
STATUSES = [name.removeprefix(_STATUS).lower() for name, number in AppointmentStatus.items() if number]
"""The statuses of appointments as people type them."""


def day(text: str) -> date:
    """A day, written `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date: write YYYY-MM-DD, such as 2026-11-24") from None


def moment(text: str) -> datetime:
    """The start of a slot: naive for the clinic's wall clock, aware if an offset is given."""
    try:
        if len(text) > len("2026-11-24"):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter(
        f"{text!r} is not a start time: write 2026-11-24T09:30 on the clinic's clock, or with an offset, "
        "2026-11-24T09:30+09:00"
    )


def slot(when: datetime) -> dict[str, Any]:
    """The client's arguments for the slot."""
    return {"start": when} if when.tzinfo else {"date": when.date(), "time_slot": when.time()}


def status(text: str) -> str:
    """The name that a status has in the contract."""
    name = text.lower().replace("-", "_").replace(" ", "_")
    if name not in STATUSES:
        raise typer.BadParameter(f"{text!r} is not a status: choose {', '.join(STATUSES)}")
    return f"{_STATUS}{name.upper()}"


def sessions(text: str) -> list[Session]:
    """The sessions of a week, as in `mon-fri/09:00-12:00/30`: days, times, minutes of a slot and, if not 1, seats."""
    try:
        days, times, minutes, *seats = text.lower().split("/")
        first, _, last = days.partition("-")
        start, end = times.split("-")
        begin = _WEEKDAYS.index(first)
        count = (_WEEKDAYS.index(last or first) - begin) % 7 + 1  # fri-mon goes on over the weekend
        weekdays = [list(Weekday.values())[(begin + each) % 7 + 1] for each in range(count)]
        [capacity] = map(int, seats or ("1",))
        return [
            Session(weekday=each, start=start, end=end, slot_minutes=int(minutes), capacity=capacity)
            for each in weekdays
        ]
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a session: write mon-fri/09:00-12:00/30, or sat/10:00-11:00/15/2 for two seats"
        ) from None


def doctor_id(client: BlockingClient, text: str) -> str:
    """The id of the doctor with this id, or of the only doctor whose name contains the text."""
    if _ID.fullmatch(text):
        return text
    return _only("doctor", text, [(each.id, each.name, each.specialty, each.clinic.name) for each in client.doctors()])


def clinic_id(client: BlockingClient, text: str) -> str:
    """The id of the clinic with this id, or of the only clinic whose name contains the text; empty for no text."""
    if not text or _ID.fullmatch(text):
        return text
    return _only("clinic", text, [(each.id, each.name) for each in client.clinics()])


def own_clinic(client: BlockingClient) -> str:
    """The only clinic that the caller works for."""
    clinics = client.get_me().account.clinic_ids
    if len(clinics) != 1:
        raise usage("say for which clinic: --clinic NAME (`yoyaku clinics` lists them)")
    return clinics[0]


def type_id(client: BlockingClient, clinic_id: str, text: str) -> str:
    """The id of the type with this id, or of a clinic's only type whose name contains the text; empty for no text."""
    if not text or _ID.fullmatch(text):
        return text
    types = client.list_appointment_types(clinic_id).appointment_types
    return _only("type", text, [(each.id, each.name) for each in types if each.active], "types list CLINIC")


def resource_id(among: Iterable[Resource | ResourceRef], text: str) -> str:
    """The id of the resource with this id, or of the only one of these whose name contains the text."""
    if _ID.fullmatch(text):
        return text
    return _only("resource", text, [(each.id, each.name, each.kind) for each in among], "resources list CLINIC")


def _only(kind: str, text: str, rows: Iterable[tuple[str, ...]], listing: str = "") -> str:
    """The id of the one row (id, name, what else distinguishes it) whose name contains the text."""
    found = [row for row in rows if text.casefold() in row[1].casefold()]
    if len(found) == 1:
        return found[0][0]
    if not found:
        raise usage(f"no {kind} has {text!r} in the name: `yoyaku {listing or kind + 's'}` lists them")
    which = [f"{text!r} could be any of {len(found)} {kind}s: give more of the name, or the id"]
    raise usage("\n".join([*which, *(f"  {key}  {', '.join(rest)}" for key, *rest in found)]))
