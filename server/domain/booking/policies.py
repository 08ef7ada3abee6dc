"""The booking policy of a clinic and the checks that enforce it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from server.domain.booking.slots import Period, Slot
from server.domain.errors import DomainError, Reason

HOLD_LASTS = timedelta(minutes=5)
MOST_HOLDS_OF_PATIENT = 2
"""How many slots may be held for a patient at a clinic at once."""
MOST_HOLDS_OF_ACCOUNT = 20
"""How many slots one account may hold at once, for whomever."""


@dataclass(frozen=True)
class Policy:
    """Rules that every booking at a clinic must follow; times in minutes."""

    horizon_days: int
    min_notice_minutes: int
    cancel_by_minutes: int
    max_per_patient_day: int
    buffer_minutes: int
    max_open_appointments: int = 0
    """How many appointments ahead patients may have who book another one themselves; 0 for any number."""

    # Making a timedelta takes a microsecond, and a booking needs these nine times.
    @cached_property
    def notice(self) -> timedelta:
        """The minimum time between booking and start."""
        return timedelta(minutes=self.min_notice_minutes)

    @cached_property
    def buffer(self) -> timedelta:
        """Time kept free after each appointment."""
        return timedelta(minutes=self.buffer_minutes)

    @cached_property
    def horizon(self) -> timedelta:
        """How far ahead a day can be booked."""
        return timedelta(days=self.horizon_days)

    def last_day(self, zone: ZoneInfo, now: datetime) -> date:
        """The last day that can be booked."""
        return today(zone, now) + self.horizon


USUAL_POLICY = Policy(
    horizon_days=90, min_notice_minutes=30, cancel_by_minutes=60, max_per_patient_day=3, buffer_minutes=0
)
"""Of a clinic that gives no rules of its own."""


def today(zone: ZoneInfo, now: datetime) -> date:
    """The date at the clinic."""
    return now.astimezone(zone).date()


class Waived(StrEnum):
    """A rule for patients that a booking by somebody else has passed over; the value is kept in the history."""

    NOTHING = ""
    NOTICE = "short notice"
    HORIZON = "beyond the horizon"


def check_bookable(policy: Policy, zone: ZoneInfo, slot: Slot, now: datetime, *, for_others: bool) -> Waived:
    """Refuse a slot that starts too soon (TOO_SHORT_NOTICE) or is too far ahead (BEYOND_HORIZON).

    Both bind patients. Who books for others, such as staff with somebody at the desk, may take any slot that has not
    ended yet; what that passed over is returned.
    """
    if slot.end_at <= now:
        raise DomainError(
            Reason.TOO_SHORT_NOTICE,
            "the slot is over: pick a later slot",
            metadata={"min_notice_minutes": str(policy.min_notice_minutes)},
        )
    if slot.start_at < now + policy.notice:
        if for_others:
            return Waived.NOTICE
        raise DomainError(
            Reason.TOO_SHORT_NOTICE,
            f"bookings at this clinic close {policy.min_notice_minutes} minutes before the start: pick a later slot,"
            " or call the clinic",
            metadata={"min_notice_minutes": str(policy.min_notice_minutes)},
        )
    if slot.date > policy.last_day(zone, now):
        if for_others:
            return Waived.HORIZON
        raise DomainError(
            Reason.BEYOND_HORIZON,
            f"the clinic takes bookings {policy.horizon_days} days ahead: pick an earlier day, or call the clinic",
            metadata={"horizon_days": str(policy.horizon_days)},
        )
    return Waived.NOTHING


def check_daily_limit(policy: Policy, booked: int) -> None:
    """Refuse one more booking for a patient who has `booked` at the clinic on that day (DAILY_LIMIT_REACHED)."""
    if booked >= policy.max_per_patient_day:
        raise DomainError(
            Reason.DAILY_LIMIT_REACHED,
            f"a patient can have {policy.max_per_patient_day} bookings a day at this clinic: pick another day",
            metadata={"max_per_patient_day": str(policy.max_per_patient_day)},
        )


def check_open_limit(policy: Policy, ahead: int) -> None:
    """Refuse one more booking by a patient who has `ahead` at the clinic (OPEN_LIMIT_REACHED)."""
    most = policy.max_open_appointments
    if most and ahead >= most:
        raise DomainError(
            Reason.OPEN_LIMIT_REACHED,
            f"a patient can have {most} appointments ahead at this clinic: cancel one, or call the clinic",
            metadata={"max_open_appointments": str(most)},
        )


def check_holds(of_patient: int, of_account: int) -> None:
    """Refuse one more hold for a patient, or by an account, with so many at once (TOO_MANY_HOLDS)."""
    if of_patient >= MOST_HOLDS_OF_PATIENT or of_account >= MOST_HOLDS_OF_ACCOUNT:
        most = MOST_HOLDS_OF_PATIENT if of_patient >= MOST_HOLDS_OF_PATIENT else MOST_HOLDS_OF_ACCOUNT
        raise DomainError(
            Reason.TOO_MANY_HOLDS,
            f"{most} slots can be held at once: confirm or release one of them, or wait until it expires",
            metadata={"most": str(most)},
        )


def check_changeable(policy: Policy, visit: Period, now: datetime, *, for_others: bool) -> None:
    """Refuse a cancellation or move after the clinic's cancel-by time; by anybody but the patient after the end."""
    metadata = {"cancel_by_minutes": str(policy.cancel_by_minutes)}
    if for_others:
        # Even after the start: a walk-in is booked into a slot that has begun, and may be booked by mistake.
        if now >= visit.end_at:
            raise DomainError(
                Reason.TOO_LATE_TO_CHANGE, "the appointment is over: it stays as it is", metadata=metadata
            )
    elif now > visit.start_at - timedelta(minutes=policy.cancel_by_minutes):
        raise DomainError(
            Reason.TOO_LATE_TO_CHANGE,
            f"appointments can be changed until {policy.cancel_by_minutes} minutes before the start: call the clinic",
            metadata=metadata,
        )
