"""What many clients asked and were told, and whether one appointment book could have told them that.

Times are of one monotonic clock. A call whose outcome is not known may have happened at any time after its start, or
never. Slots have one seat.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from math import inf
from typing import Literal, NamedTuple

Outcome = Literal["done", "refused", "unknown"]


class Slot(NamedTuple):
    """A seat to be had: the same time at two doctors is two slots."""

    doctor_id: str
    date: str
    time: str


@dataclass(slots=True, eq=False)
class Booking:
    """A patient asked for a slot."""

    patient_id: str
    slot: Slot
    start: float
    end: float = inf
    outcome: Outcome = "unknown"
    appointment_id: str = ""
    revision: int = 0
    reason: str = ""
    """Of a refusal."""
    cancellings: "list[Cancelling]" = field(default_factory=list, repr=False)


@dataclass(slots=True, eq=False)
class Cancelling:
    """A patient cancelled an appointment."""

    booking: Booking
    start: float
    end: float = inf
    outcome: Outcome = "unknown"
    revision: int = 0

    def __post_init__(self) -> None:
        self.booking.cancellings.append(self)


@dataclass(slots=True, eq=False)
class Listing:
    """A patient read what is booked: status by appointment."""

    patient_id: str
    start: float
    end: float
    seen: Mapping[str, str]


@dataclass(slots=True)
class History:
    """All of it."""

    bookings: list[Booking] = field(default_factory=list)
    cancellings: list[Cancelling] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)

    def contradictions(self, book: Mapping[str, tuple[Slot, str]], *, losses: bool = False) -> list[str]:
        """What cannot be true of one appointment book that at the end holds slot and status by appointment.

        With `losses` acknowledged writes may be missing, which `lost` counts, and only double bookings are looked for.
        """
        if losses:
            return [*self._doubles(book)]
        return [
            *self._doubles(book),
            *self._unfounded_refusals(),
            *self._stale_listings(),
            *self.lost(book),
            *self._revisions_out_of_order(),
        ]

    def lost(self, book: Mapping[str, tuple[Slot, str]]) -> list[str]:
        """Acknowledged writes that the book does not hold."""
        return [f"lost: {each} is {book.get(each.appointment_id, ('', 'absent'))[1]}" for each in self.missing(book)]

    def missing(self, book: Mapping[str, tuple[Slot, str]]) -> dict[Booking, float]:
        """The bookings that the book does not hold as acknowledged, each with when its missing write was."""
        found = {}
        for each in self._done():
            slot, status = book.get(each.appointment_id, (None, "absent"))
            possible = {"cancelled"} if self._is_cancelled(each, inf) else {"scheduled"}
            if any(cancelling.outcome == "unknown" for cancelling in self._cancellings_of(each)):
                possible |= {"cancelled"}
            if slot != each.slot:
                found[each] = each.end
            elif status not in possible:
                found[each] = max(each.end, *(one.end for one in each.cancellings if one.outcome == "done"), 0.0)
        return found

    def _doubles(self, book: Mapping[str, tuple[Slot, str]]) -> Iterator[str]:
        active = Counter(slot for slot, status in book.values() if status == "scheduled")
        yield from (f"double: {slot} is scheduled {times} times" for slot, times in active.items() if times > 1)
        by_slot: defaultdict[Slot, list[Booking]] = defaultdict(list)
        for booking in self._done():
            if booking.appointment_id in book:
                by_slot[booking.slot].append(booking)
        for bookings in by_slot.values():
            for one, other in combinations(bookings, 2):
                if not (self._can_precede(one, other) or self._can_precede(other, one)):
                    yield f"double: {one} and {other}"

    def _can_precede(self, first: Booking, second: Booking) -> bool:
        """Whether the first may have been cancelled before the second took the slot."""
        return any(each.start <= second.end for each in self._cancellings_of(first))

    def _unfounded_refusals(self) -> Iterator[str]:
        in_the_way: defaultdict[tuple[str, ...], list[Booking]] = defaultdict(list)
        for each in self.bookings:
            in_the_way["SLOT_TAKEN", *each.slot].append(each)
            in_the_way["PATIENT_BUSY", each.patient_id, *each.slot[1:]].append(each)
        for refused in (each for each in self.bookings if each.outcome == "refused"):
            others = [
                *in_the_way.get((refused.reason, *refused.slot), ()),
                *in_the_way.get((refused.reason, refused.patient_id, *refused.slot[1:]), ()),
            ]
            if not any(self._may_stand(each, refused.start, refused.end) for each in others if each is not refused):
                yield f"refused for nothing: {refused}"
        yield from (f"refused for nothing: {each}" for each in self.cancellings if each.outcome == "refused")

    def _stale_listings(self) -> Iterator[str]:
        by_patient: defaultdict[str, list[Booking]] = defaultdict(list)
        for booking in self.bookings:
            by_patient[booking.patient_id].append(booking)
        for listing in self.listings:
            mine = by_patient[listing.patient_id]
            for booking in mine:
                if booking.outcome == "done" and booking.end <= listing.start:
                    yield from self._stale(listing, booking)
            known = {booking.appointment_id for booking in mine}
            unknown = [booking for booking in mine if booking.outcome == "unknown" and booking.start <= listing.end]
            if len(listing.seen.keys() - known) > len(unknown):
                yield f"out of nothing: {listing}"

    def _stale(self, listing: Listing, booking: Booking) -> Iterator[str]:
        status = listing.seen.get(booking.appointment_id, "absent")
        possible = {"cancelled"} if self._is_cancelled(booking, listing.start) else {"scheduled"}
        if any(each.start <= listing.end for each in self._cancellings_of(booking)):
            possible |= {"cancelled"}
        if status not in possible:
            yield f"stale: {booking} is {status} at {listing.start:.3f}, not {' or '.join(possible)}"

    def _revisions_out_of_order(self) -> Iterator[str]:
        by_day: defaultdict[tuple[str, str], list[Booking | Cancelling]] = defaultdict(list)
        writes: list[Booking | Cancelling] = [*self.bookings, *self.cancellings]
        for each in writes:
            if each.outcome == "done":
                slot = each.slot if isinstance(each, Booking) else each.booking.slot
                by_day[slot.doctor_id, slot.date].append(each)
        for of_day in by_day.values():
            of_day.sort(key=lambda each: each.revision)
            for one, next_one in pairwise(of_day):
                if one.revision == next_one.revision or next_one.end < one.start:
                    yield f"revisions: {one} before {next_one}"

    def _may_stand(self, booking: Booking, start: float, end: float) -> bool:
        """Whether a booking may have held its slot at some moment of a period."""
        return booking.outcome != "refused" and booking.start <= end and not self._is_cancelled(booking, start)

    def _is_cancelled(self, booking: Booking, by: float) -> bool:
        """Whether it was acknowledged by then that the booking is cancelled."""
        return any(each.outcome == "done" and each.end <= by for each in self._cancellings_of(booking))

    def _done(self) -> Iterable[Booking]:
        return (each for each in self.bookings if each.outcome == "done")

    def _cancellings_of(self, booking: Booking) -> Iterable[Cancelling]:
        return (each for each in booking.cancellings if each.outcome != "refused")
