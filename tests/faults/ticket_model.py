"""The rules of a queue as a plain model, by which the histories of tickets are read again."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.fixtures.book import Book

LATE, BEHIND, WALK_IN = timedelta(minutes=10), 3, timedelta(minutes=15)
"""The usual rules of a clinic."""
_EVENTS = """
SELECT t.doctor_id::text, t.number, e.event, t.arrived_at, a.start_at
FROM ticket_events e JOIN tickets t ON t.id = e.ticket_id LEFT JOIN appointments a ON a.id = t.appointment_id
WHERE t.doctor_id = ANY(%s::uuid[]) ORDER BY e.id
"""


async def contradictions(
    book: Book, called: Sequence[tuple[str, str]], lane_ids: Sequence[str], patients: int
) -> list[str]:
    """What no one clinic's day can have been."""
    found = [f"{key} was called {times} times" for key, times in Counter(called).items() if times > 1]
    if len(set(called)) != patients:
        found.append(f"of {patients} patients {len(set(called))} were called")
    lines: dict[str, list[tuple[datetime, int]]] = {}
    for lane, number, event, arrived_at, start_at in await book.rows(_EVENTS, lane_ids):
        line = lines.setdefault(str(lane), [])
        if event == "issued":
            _join(line, int(str(number)), arrived_at, start_at)  # type: ignore[arg-type]
        elif event == "called" and (not line or line.pop(0)[1] != number):
            found.append(f"ticket {number} of {lane} was called out of its turn")
    return found + [f"tickets of {lane} are left over" for lane, line in lines.items() if line]


def _join(line: list[tuple[datetime, int]], number: int, arrived_at: datetime, start_at: datetime | None) -> None:
    """The plain model: behind all who are due no later, and who is late behind three others at least."""
    due = arrived_at + WALK_IN if start_at is None else max(start_at, arrived_at)
    place = sum(1 for other, _ in line if other <= due)
    if start_at is not None and arrived_at > start_at + LATE:
        place = max(place, min(BEHIND, len(line)))
    # Who stands behind others who are due later is due when they are, for those who come after.
    line.insert(place, (max([due, *(other for other, _ in line[:place])]), number))
