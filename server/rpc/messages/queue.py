"""The messages of queues."""

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from math import ceil

from db.postgres.queue.tickets import TicketRow
from server.domain.queue.line import QueueRules, TicketStatus
from server.rpc.messages.convert import to_timestamp
from server.rpc.messages.day_bytes import to_closing
from server.usecases.queue.read import LaneView
from server.usecases.queue.rules import ClinicRules
from server.usecases.queue.watch import QueueForms
from server.usecases.streams import Ending
from yoyaku.v1 import queue_pb2, watch_pb2
from yoyaku.v1 import queue_service_pb2 as pb

_MINUTE = timedelta(minutes=1)


def to_ticket(row: TicketRow, *, with_appointment: bool = True) -> queue_pb2.Ticket:
    """A ticket; without its appointment for whoever sees lanes from outside."""
    return queue_pb2.Ticket(
        id=row.id,
        lane_id=row.doctor_id,
        label=f"{row.letter}{row.number}",
        number=row.number,
        status=queue_pb2.TicketStatus.Value(f"TICKET_STATUS_{row.status.upper()}"),
        appointment_id=row.appointment_id or "" if with_appointment else "",
        due_time=to_timestamp(row.due_at),
        arrive_time=to_timestamp(row.arrived_at),
        call_time=to_timestamp(row.called_at) if row.called_at else None,
        calls=row.calls,
        room=row.room,
    )


def to_lane(view: LaneView, *, with_appointments: bool = True) -> queue_pb2.Lane:
    """A lane, whole."""
    row = view.row
    waiting = [to_ticket(each, with_appointment=with_appointments) for each in view.waiting]
    for ahead, (ticket, shown) in enumerate(zip(view.waiting, waiting, strict=True)):
        if (wait := view.wait_of(ahead, ticket)) is not None:
            shown.expected_wait.shortest_minutes = int(wait.shortest / _MINUTE)
            shown.expected_wait.longest_minutes = ceil(wait.longest / _MINUTE)
    skipped = [each for each in view.tickets if each.status == TicketStatus.SKIPPED]
    return queue_pb2.Lane(
        lane_id=row.doctor_id,
        letter=row.letter,
        doctor_name=row.doctor_name,
        clinic_id=row.clinic_id,
        date=row.date.isoformat(),
        time_zone=row.time_zone,
        epoch=row.epoch,
        revision=row.revision,
        closed=row.closed,
        now_serving=[to_ticket(each, with_appointment=with_appointments) for each in view.serving],
        waiting=waiting,
        skipped=[to_ticket(each, with_appointment=with_appointments) for each in skipped],
        delay_minutes=int(view.delay / _MINUTE),
        clinic_announcement=row.clinic_announcement,
        announcement=row.announcement,
    )


def to_rules(found: ClinicRules) -> queue_pb2.QueueRules:
    """A clinic's rules."""
    return queue_pb2.QueueRules(**asdict(found.rules), etag=str(found.version))


def from_rules(rules: queue_pb2.QueueRules) -> QueueRules:
    """Rules as a clinic sets them."""
    return QueueRules(
        rules.late_minutes,
        rules.late_behind,
        rules.walk_in_minutes,
        rules.check_in_minutes,
        rules.no_show_minutes if rules.HasField("no_show_minutes") else None,
        rules.tell_before,
    )


def _lane(view: LaneView) -> bytes:
    return pb.WatchQueueResponse(lane=to_lane(view, with_appointments=False)).SerializeToString()


def _heartbeat(now: datetime) -> bytes:
    return pb.WatchQueueResponse(heartbeat=watch_pb2.Heartbeat(time=to_timestamp(now))).SerializeToString()


@cache
def _closing(ending: Ending) -> bytes:
    return pb.WatchQueueResponse(closing=to_closing(ending)).SerializeToString()


QUEUE_FORMS = QueueForms(lane=_lane, heartbeat=_heartbeat, closing=_closing)
