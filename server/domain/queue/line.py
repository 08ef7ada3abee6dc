"""The order in which those who wait for a doctor are called.

A line is sorted by due time, and stays so whoever comes, moves or leaves: whoever is put in front of others or behind
them takes over a due time that fits there. So a later arrival finds its place by one rule, and no choice of staff is
undone by it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class TicketStatus(StrEnum):
    """The state of a ticket; the values are those stored in the database."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    DONE = "done"
    SKIPPED = "skipped"
    """It was called or passed over, and nobody came; it can be called again."""
    WITHDRAWN = "withdrawn"
    """Its appointment was cancelled or missed, or the check-in was a mistake."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """A clinic's rules for its queues; times in minutes."""

    late_minutes: int = 10
    """Who checks in more than this after the start is late."""
    late_behind: int = 3
    """Who is late goes behind at least this many who already wait."""
    walk_in_minutes: int = 15
    """Who comes without an appointment is due this long after arrival."""
    check_in_minutes: int = 60
    """How long before the start patients check in by themselves."""
    no_show_minutes: int | None = None
    """How long after the start a patient who has not come is a no-show; None for never by itself."""
    tell_before: int = 0
    """Patients are told when so many are called before them; 0 for never."""


DEFAULT_RULES = QueueRules()


class Waiting(NamedTuple):
    """Somebody who waits."""

    ticket_id: str
    due_at: datetime


def due_at(start_at: datetime | None, arrived_at: datetime, rules: QueueRules) -> datetime:
    """When somebody is due: at the start, or at arrival if that is later; a walk-in some time after arrival."""
    if start_at is None:
        return arrived_at + timedelta(minutes=rules.walk_in_minutes)
    return max(start_at, arrived_at)


def is_late(start_at: datetime | None, arrived_at: datetime, rules: QueueRules) -> bool:
    """Whether somebody with an appointment has come late."""
    return start_at is not None and arrived_at > start_at + timedelta(minutes=rules.late_minutes)


def joined(line: Sequence[Waiting], new: Waiting, behind: int = 0) -> list[Waiting]:
    """The line with one more, behind all who are due no later, and behind at least the first `behind`."""
    position = max(bisect_right([each.due_at for each in line], new.due_at), min(behind, len(line)))
    return _put(line, new, position)


def moved(line: Sequence[Waiting], ticket_id: str, position: int) -> list[Waiting]:
    """The line with one who waits at another position, from 0; a position past the end is the end."""
    mover = next(each for each in line if each.ticket_id == ticket_id)
    others = [each for each in line if each is not mover]
    return _put(others, mover, min(position, len(others)))


def _put(line: Sequence[Waiting], one: Waiting, position: int) -> list[Waiting]:
    before, after = line[:position], line[position:]
    due = one.due_at
    if before:
        due = max(due, before[-1].due_at)
    if after:
        due = min(due, after[0].due_at)
    return [*before, Waiting(one.ticket_id, due), *after]
