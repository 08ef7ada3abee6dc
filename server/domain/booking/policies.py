"""The booking policy of a clinic and the checks that enforce it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.errors import DomainError, Reason


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules that every booking at a clinic must follow; times in minutes."""

    horizon_days: int
    min_notice_minutes: int
    cancel_by_minutes: int
    max_per_patient_day: int
    buffer_minutes: int

    @property
    def notice(self) -> timedelta:
        """The minimum time between booking and start."""
        return timedelta(minutes=self.min_notice_minutes)

    @property
    def buffer(self) -> timedelta:
        """Time kept free after each appointment."""
        return timedelta(minutes=self.buffer_minutes)

    def last_day(self, zone: ZoneInfo, now: datetime) -> date:
        """The last day that can be booked."""
        return today(zone, now) + timedelta(days=self.horizon_days)


def today(zone: ZoneInfo, now: datetime) -> date:
    """The date at the clinic."""
    return now.astimezone(zone).date()


def check_bookable(policy: Policy, zone: ZoneInfo, *, day: date, start_at: datetime, now: datetime) -> None:
    """Refuse a start that is too soon (TOO_SHORT_NOTICE) or a day too far ahead (BEYOND_HORIZON)."""
    if start_at < now + policy.notice:
        raise DomainError(
            Reason.TOO_SHORT_NOTICE,
            f"bookings at this clinic close {policy.min_notice_minutes} minutes before the start: pick a later slot",
            metadata={"min_notice_minutes": str(policy.min_notice_minutes)},
        )
    if day > policy.last_day(zone, now):
        raise DomainError(
            Reason.BEYOND_HORIZON,
            f"the clinic takes bookings {policy.horizon_days} days ahead: pick an earlier day",
            metadata={"horizon_days": str(policy.horizon_days)},
        )


def check_daily_limit(policy: Policy, booked: int) -> None:
    """Refuse one more booking for a patient who has `booked` at the clinic on that day (DAILY_LIMIT_REACHED)."""
    if booked >= policy.max_per_patient_day:
        raise DomainError(
            Reason.DAILY_LIMIT_REACHED,
            f"a patient can have {policy.max_per_patient_day} bookings a day at this clinic: pick another day",
            metadata={"max_per_patient_day": str(policy.max_per_patient_day)},
        )


def check_changeable(policy: Policy, *, start_at: datetime, now: datetime, by_staff: bool) -> None:
    """Refuse a cancellation or move after the clinic's cancel-by time, or by staff after the start."""
    limit = timedelta() if by_staff else timedelta(minutes=policy.cancel_by_minutes)
    if now > start_at - limit:
        raise DomainError(
            Reason.TOO_LATE_TO_CHANGE,
            f"appointments can be changed until {limit // timedelta(minutes=1)} minutes before the start:"
            " call the clinic",
            metadata={"cancel_by_minutes": str(policy.cancel_by_minutes)},
        )
