"""A doctor's day as its readers get it, and the functions that make bytes of it, which wiring hands in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.availability import Day
from server.usecases.streams import Ending


@dataclass(frozen=True, slots=True)
class OfferedDay:
    """A doctor's day at a revision; of two with one epoch the one with the higher revision is newer."""

    doctor_id: str
    date: date
    time_zone: str
    epoch: int
    revision: int
    day: Day


@dataclass(frozen=True, slots=True)
class Forms:
    """Bytes of messages: the free slots of a day for ListAvailableSlots, and what WatchSlots sends."""

    free: Callable[[OfferedDay], bytes]
    whole: Callable[[OfferedDay], bytes]
    heartbeat: Callable[[datetime], bytes]
    closing: Callable[[Ending], bytes]
