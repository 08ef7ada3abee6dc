"""The checker of histories finds what it is there to find."""

import pytest

from tests.faults.history import Booking, Cancelling, History, Listing, Slot

TEN, ELEVEN = Slot("d", "2026-03-03", "10:00"), Slot("d", "2026-03-03", "11:00")


def booked(start: float, end: float, *, patient: str = "p", slot: Slot = TEN, revision: int = 1) -> Booking:
    return Booking(patient, slot, start, end, "done", f"{patient}-{start}", revision)


def kinds(history: History, *left: tuple[Booking, str]) -> set[str]:
    book = {booking.appointment_id: (booking.slot, status) for booking, status in left}
    return {text.partition(":")[0] for text in history.contradictions(book)}


def test_what_one_book_may_have_told_is_no_contradiction() -> None:
    first, second = booked(0, 1), booked(4, 5, patient="q", revision=3)
    history = History(
        [first, Booking("q", TEN, 1.5, 2, "refused", reason="SLOT_TAKEN"), second, Booking("r", ELEVEN, 0)],
        [Cancelling(first, 2, 3, "done", 2)],
        [Listing("p", 1.2, 1.4, {first.appointment_id: "scheduled"}), Listing("r", 2, 3, {"r-unknown": "scheduled"})],
    )
    assert kinds(history, (first, "cancelled"), (second, "scheduled")) == set()


@pytest.mark.parametrize("status", ["absent", "cancelled"])
def test_an_acknowledged_booking_must_be_there(status: str) -> None:
    booking = booked(0, 1)
    left = [] if status == "absent" else [(booking, status)]
    assert kinds(History([booking]), *left) == {"lost"}


def test_an_acknowledged_cancelling_must_be_there_and_an_unknown_one_may() -> None:
    booking, other = booked(0, 1), booked(0, 1, patient="q", slot=ELEVEN)
    assert kinds(History([booking], [Cancelling(booking, 2, 3, "done", 2)]), (booking, "scheduled")) == {"lost"}
    history = History([other], [Cancelling(other, 2)])
    assert kinds(history, (other, "scheduled")) == kinds(history, (other, "cancelled")) == set()


def test_a_slot_given_twice_is_found_even_if_it_does_not_show_at_the_end() -> None:
    first, second = booked(0, 1), booked(2, 3, patient="q", revision=2)
    cancelled_later = [Cancelling(first, 4, 5, "done", 3)]
    assert kinds(History([first, second], cancelled_later), (first, "cancelled"), (second, "scheduled")) == {"double"}
    assert "double" in kinds(History([first, second]), (first, "scheduled"), (second, "scheduled"))


def test_a_refusal_needs_somebody_who_may_have_had_the_slot() -> None:
    refused = Booking("q", TEN, 2, 3, "refused", reason="SLOT_TAKEN")
    assert kinds(History([refused])) == {"refused for nothing"}
    assert kinds(History([refused, Booking("p", TEN, 1)])) == set()
    assert kinds(History([refused, Booking("p", TEN, 4)])) == {"refused for nothing"}
    busy = Booking("p", Slot("other", *TEN[1:]), 2, 3, "refused", reason="PATIENT_BUSY")
    first = booked(0, 1)
    assert kinds(History([first, busy]), (first, "scheduled")) == set()
    assert kinds(History([busy])) == {"refused for nothing"}


def test_a_patient_reads_what_the_patient_wrote() -> None:
    booking = booked(0, 1)
    cancelling = Cancelling(booking, 2, 3, "done", 2)
    for start, seen, expected in [
        (1.1, {}, {"stale"}),
        (0.5, {}, set()),
        (3.1, {booking.appointment_id: "scheduled"}, {"stale"}),
        (2.5, {booking.appointment_id: "scheduled"}, set()),
        (3.1, {booking.appointment_id: "cancelled", "never": "scheduled"}, {"out of nothing"}),
    ]:
        listing = Listing("p", start, start + 0.1, seen)
        assert kinds(History([booking], [cancelling], [listing]), (booking, "cancelled")) == expected


def test_revisions_rise_with_time_and_never_repeat() -> None:
    first, second = booked(0, 1, revision=2), booked(2, 3, patient="q", slot=ELEVEN, revision=1)
    left = [(first, "scheduled"), (second, "scheduled")]
    assert kinds(History([first, second]), *left) == {"revisions"}
    second.revision = 2
    assert kinds(History([first, second]), *left) == {"revisions"}
