"""The messages for days of slots, rendered to bytes that all readers share."""

from datetime import datetime
from functools import cache, lru_cache

from server.domain.booking.availability import Closed, SlotState
from server.domain.booking.slots import Slot
from server.rpc.messages.convert import fill_slot, to_timestamp
from server.usecases.schedules.live.rendering import Forms, OfferedDay
from server.usecases.streams import Ending
from yoyaku.v1 import schedule_pb2, watch_pb2
from yoyaku.v1 import schedule_service_pb2 as pb

_REMEMBERED_SLOTS = 10_000
_REMEMBERED_DAYS = 256
_CLOSED = {closed: schedule_pb2.ClosedReason.Value(f"CLOSED_REASON_{closed.name}") for closed in Closed} | {
    None: schedule_pb2.CLOSED_REASON_UNSPECIFIED
}
_STATES = {state: schedule_pb2.SlotState.Value(f"SLOT_STATE_{state.name}") for state in SlotState}


def free(offered: OfferedDay) -> bytes:
    """A ListAvailableSlotsResponse."""
    day = offered.day
    response = pb.ListAvailableSlotsResponse(
        doctor_id=offered.doctor_id,
        date=offered.date.isoformat(),
        time_zone=offered.time_zone,
        revision=offered.revision,
        epoch=offered.epoch,
        valid_until=to_timestamp(day.valid_until) if day.valid_until else None,
        closed_reason=_CLOSED[day.closed],
    )
    response.MergeFromString(b"".join(map(_free, day.slots)))
    return response.SerializeToString()


def whole(offered: OfferedDay) -> bytes:
    """A WatchSlotsResponse with the whole day."""
    day = offered.day
    head = schedule_pb2.ScheduleDay(
        doctor_id=offered.doctor_id,
        date=offered.date.isoformat(),
        time_zone=offered.time_zone,
        epoch=offered.epoch,
        revision=offered.revision,
        valid_until=to_timestamp(day.valid_until) if day.valid_until else None,
        closed_reason=_CLOSED[day.closed],
    )
    response = pb.WatchSlotsResponse(day=head)  # this copies what the day has so far: its slots come later
    response.day.MergeFromString(b"".join([_shown(*each) for each in day.all]))
    return response.SerializeToString()


# Streams that follow the same day are given the same bytes.
@lru_cache(maxsize=_REMEMBERED_DAYS)
def for_outsiders(message: bytes) -> bytes:
    """A WatchSlotsResponse that does not tell that the doctor is busy at another clinic: such slots are taken."""
    response = pb.WatchSlotsResponse.FromString(message)
    for slot in response.day.slots:
        if slot.state == schedule_pb2.SLOT_STATE_ELSEWHERE:
            slot.state = schedule_pb2.SLOT_STATE_TAKEN
    return response.SerializeToString()


# A change of a day changes few of its slots: the bytes of the others are reused.
@lru_cache(maxsize=_REMEMBERED_SLOTS)
def _free(slot: Slot) -> bytes:
    """A ListAvailableSlotsResponse with one slot; the bytes of several, joined, are a response with all of them."""
    response = pb.ListAvailableSlotsResponse()
    fill_slot(response.slots.add(), slot)
    return response.SerializeToString()


@lru_cache(maxsize=_REMEMBERED_SLOTS)
def _shown(slot: Slot, state: SlotState, seats: int) -> bytes:
    """A ScheduleDay with one slot; the bytes of several, joined, are a day with all of them."""
    day = schedule_pb2.ScheduleDay()
    shown = day.slots.add()
    fill_slot(shown, slot)
    shown.state, shown.seats_free = _STATES[state], seats
    return day.SerializeToString()


def heartbeat(now: datetime) -> bytes:
    """A WatchSlotsResponse with a heartbeat and the current time."""
    return pb.WatchSlotsResponse(heartbeat=watch_pb2.Heartbeat(time=to_timestamp(now))).SerializeToString()


@cache
def closing(ending: Ending) -> bytes:
    """The last WatchSlotsResponse of a stream, which says why it ends."""
    return pb.WatchSlotsResponse(closing=to_closing(ending)).SerializeToString()


def to_closing(ending: Ending) -> watch_pb2.Closing:
    """Why a stream ends, as a message."""
    return watch_pb2.Closing(reason=watch_pb2.ClosingReason.Value(f"CLOSING_REASON_{ending.name}"))


def count(free: bytes, whole: bytes) -> tuple[int, int]:
    """How many slots the ListAvailableSlotsResponse has, and how many the day in the WatchSlotsResponse."""
    listed, watched = pb.ListAvailableSlotsResponse.FromString(free), pb.WatchSlotsResponse.FromString(whole)
    return len(listed.slots), len(watched.day.slots)


FORMS = Forms(free=free, whole=whole, for_outsiders=for_outsiders, heartbeat=heartbeat, closing=closing, count=count)
