"""Commands for the time off of doctors."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from yoyaku import BlockingClient
from yoyaku.cli import words
from yoyaku.cli.appointments.browsing import DoctorArgument
from yoyaku.cli.failures import usage
from yoyaku.cli.output import tables
from yoyaku.cli.output.escaping import plain
from yoyaku.cli.session import Json, app, present, session
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.time_off_pb2 import MoveOfferState, TimeOffAction, TimeOffAppointment, TimeOffOutcome

time_off = typer.Typer(help="Time off of doctors (staff, admins).", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(time_off, name="time-off")

Start = Annotated[
    datetime, typer.Argument(metavar="START", parser=words.moment, help="2026-11-24T09:30 on the clinic's clock.")
]
End = Annotated[datetime, typer.Argument(metavar="END", parser=words.moment, help="The same; it excludes its end.")]
ClinicArgument = Annotated[str, typer.Argument(metavar="CLINIC", help="Part of its name, or its id.")]
Which = Annotated[str, typer.Argument(metavar="TIME_OFF", help="Its id, as `yoyaku time-off list` shows it.")]


@time_off.command()
def preview(context: typer.Context, doctor: DoctorArgument, start: Start, end: End, as_json: Json = False) -> None:
    """Show which appointments time off would meet, and change nothing."""
    with session(context) as client:
        doctor_id = words.doctor_id(client, doctor)
        zone = _zone(client, doctor_id)
        answer = client.preview_time_off(doctor_id, start=_instant(start, zone), end=_instant(end, zone))
    present(answer, _met(answer.appointments, zone), as_json=as_json)


@time_off.command()
def add(
    context: typer.Context,
    doctor: DoctorArgument,
    start: Start,
    end: End,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for staff only.")] = "",
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the appointments in it, and notify patients.")
    ] = False,
    offer: Annotated[
        bool, typer.Option("--offer", help="Offer the patients in it other times, which are held for them.")
    ] = False,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="APPOINTMENT", help="Not this one; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make time off: its slots are not offered any more.

    The appointments in it stay, unless --cancel or --offer is given.
    """
    action = action_of(cancel=cancel, offer=offer)
    exceptions = dict.fromkeys(keep or (), TimeOffAction.TIME_OFF_ACTION_KEEP)
    with session(context) as client:
        doctor_id = words.doctor_id(client, doctor)
        zone = _zone(client, doctor_id)
        answer = client.create_time_off(
            doctor_id,
            start=_instant(start, zone),
            end=_instant(end, zone),
            reason=reason,
            action=action,
            exceptions=exceptions,
        )
    present(answer, _met(answer.appointments, zone), as_json=as_json)


def action_of(*, cancel: bool, offer: bool) -> "TimeOffAction.ValueType":
    """What the options say becomes of appointments."""
    if cancel and offer:
        raise usage("say --cancel or --offer, not both")
    if cancel:
        return TimeOffAction.TIME_OFF_ACTION_CANCEL
    return TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE if offer else TimeOffAction.TIME_OFF_ACTION_KEEP


@time_off.command("list")
def list_all(context: typer.Context, doctor: DoctorArgument, as_json: Json = False) -> None:
    """Show the latest 100 of a doctor's time off, with how many appointments are kept, cancelled and moved.

    And how many offers to move are open, and were not answered in time.
    """
    with session(context) as client:
        answer = client.list_time_off(words.doctor_id(client, doctor), size=100)
    made = tables.table("", "Start", "End", "Kept", "Cancelled", "Moved", "Offered", "No answer", "Reason", "Id")
    for each in answer.time_off:
        zone = ZoneInfo(each.time_zone)
        times = (each.start_time.ToDatetime(zone), each.end_time.ToDatetime(zone))
        counts = (each.kept_count, each.cancelled_count, each.moved_count, each.offered_count, each.unanswered_count)
        made.add_row(*(f"{time:%Y-%m-%d %H:%M}" for time in times), *map(str, counts), plain(each.reason), each.id)
    present(answer, made, as_json=as_json)


@time_off.command()
def show(context: typer.Context, which: Which, as_json: Json = False) -> None:
    """Show what became of the appointments that a time off met."""
    with session(context) as client:
        answer = client.get_time_off(which)
    present(answer, _met(answer.appointments, ZoneInfo(answer.time_off.time_zone)), as_json=as_json)


@time_off.command()
def delete(context: typer.Context, which: Which, as_json: Json = False) -> None:
    """Delete time off: its slots can be booked again. What became of its appointments stays as it is."""
    with session(context) as client:
        answer = client.delete_time_off(which)
    present(answer, "Deleted: its slots can be booked again.", as_json=as_json)


@time_off.command()
def offers(context: typer.Context, clinic: ClinicArgument, as_json: Json = False) -> None:
    """Show the first 100 offers to move of a clinic that no patient has answered yet: what is held, and until when."""
    with session(context) as client:
        answer = client.list_move_offers(words.clinic_id(client, clinic), size=100)
    made = tables.table("", "Start", "Patient", "Offered", "Until", "Message", "Appointment")
    for each in answer.offers:
        zone = ZoneInfo(each.time_zone)
        times = [f"{slot.start_time.ToDatetime(zone):%Y-%m-%d %H:%M} {plain(slot.doctor.name)}" for slot in each.slots]
        made.add_row(
            f"{each.start_time.ToDatetime(zone):%Y-%m-%d %H:%M}",
            plain(each.patient.name),
            "\n".join(times),
            f"{each.expire_time.ToDatetime(zone):%Y-%m-%d %H:%M}" if each.HasField("expire_time") else "",
            "sent" if each.sent else "not sent",
            each.appointment_id,
        )
    present(answer, made, as_json=as_json)


@time_off.command()
def resend(context: typer.Context, appointment_id: str, as_json: Json = False) -> None:
    """Send the message of an offer to move again, a minute after the last one at the earliest (staff)."""
    with session(context) as client:
        answer = client.resend_move_offer(appointment_id)
    present(answer, "Sent again: its times are held until when they were before.", as_json=as_json)


@time_off.command()
def withdraw(context: typer.Context, appointment_id: str, as_json: Json = False) -> None:
    """End an offer to move: the appointment stays, and the times are free again within seconds (staff)."""
    with session(context) as client:
        answer = client.withdraw_move_offer(appointment_id)
    present(answer, tables.appointment_details(answer.appointment), as_json=as_json)


@time_off.command()
def accept(
    context: typer.Context, appointment_id: str, doctor: DoctorArgument, start: Start, as_json: Json = False
) -> None:
    """Accept a time of an offer for the patient, as on the phone: the appointment moves there (staff).

    `yoyaku time-off offers` shows which times are held, and of which doctors.
    """
    with session(context) as client:
        doctor_id = words.doctor_id(client, doctor)
        start_time = _instant(start, _zone(client, doctor_id))
        answer = client.accept_move_offer(appointment_id, doctor_id=doctor_id, start_time=start_time)
    present(answer, tables.appointment_details(answer.appointment), as_json=as_json)


def _met(appointments: Iterable[TimeOffAppointment], zone: ZoneInfo) -> Table:
    made = tables.table("", "Start", "Patient", "Status", "Outcome", "Offer", "Id")
    for each in appointments:
        made.add_row(
            f"{each.start_time.ToDatetime(zone):%Y-%m-%d %H:%M}",
            plain(each.patient.name),
            AppointmentStatus.Name(each.status).removeprefix("APPOINTMENT_STATUS_").lower(),
            TimeOffOutcome.Name(each.outcome).removeprefix("TIME_OFF_OUTCOME_").lower().replace("unspecified", ""),
            _offer(each),
            each.appointment_id,
        )
    return made


def _offer(each: TimeOffAppointment) -> str:
    state = MoveOfferState.Name(each.offer_state).removeprefix("MOVE_OFFER_STATE_").lower().replace("_", " ")
    if not each.offer_state:
        return ""
    return state if each.offer_sent else f"{state}, not reached"


def _zone(client: BlockingClient, doctor_id: str) -> ZoneInfo:
    return ZoneInfo(client.get_schedule(doctor_id).schedule.time_zone)


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
