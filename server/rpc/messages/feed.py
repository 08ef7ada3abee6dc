"""The messages of a clinic's feed, and of the history of an appointment."""

from datetime import datetime

from db.postgres.booking.history import HistoryRow
from server.rpc.messages.convert import to_appointment, to_relation, to_timestamp
from server.rpc.messages.day_bytes import to_closing
from server.usecases.appointments.feed import FeedEvent, FeedMessage
from yoyaku.v1 import appointment_pb2, watch_pb2
from yoyaku.v1 import appointment_service_pb2 as pb


def to_message(sent: FeedMessage) -> bytes:
    """A WatchAppointmentsResponse."""
    message = pb.WatchAppointmentsResponse(position=str(sent.position))
    match sent.news:
        case FeedEvent() as change:
            message.change.CopyFrom(_change(change))
        case datetime() as now:
            message.heartbeat.CopyFrom(watch_pb2.Heartbeat(time=to_timestamp(now)))
        case ending:
            message.closing.CopyFrom(to_closing(ending))
    return message.SerializeToString()


def to_history_entry(row: HistoryRow) -> appointment_pb2.AppointmentHistoryEntry:
    """An entry in the history of an appointment."""
    return appointment_pb2.AppointmentHistoryEntry(
        event=_event(row.event),
        event_time=to_timestamp(row.happened_at),
        actor=row.actor,
        note=row.note,
        relation=to_relation(row.relation),
    )


def _event(name: str) -> "appointment_pb2.AppointmentEvent.ValueType":
    return appointment_pb2.AppointmentEvent.Value(f"APPOINTMENT_EVENT_{name.upper()}")


def _change(change: FeedEvent) -> appointment_pb2.AppointmentChange:
    return appointment_pb2.AppointmentChange(
        appointment_id=change.row.appointment_id,
        event=_event(change.row.event),
        event_time=to_timestamp(change.row.happened_at),
        appointment=to_appointment(change.appointment) if change.appointment else None,
    )
