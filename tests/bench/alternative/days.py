"""The slots of a doctor's day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from tests.bench.alternative.answers import Slot
from tests.bench.alternative.models import Appointment, Doctor, Session

ACTIVE = ("held", "scheduled", "checked_in", "in_progress")


async def doctor_of(session: AsyncSession, doctor_id: str) -> Doctor | None:
    """A doctor with name and clinic."""
    options = joinedload(Doctor.practitioner, innerjoin=True), joinedload(Doctor.clinic, innerjoin=True)
    found = await session.scalars(select(Doctor).where(Doctor.id == doctor_id).options(*options))
    return found.one_or_none()


async def free_slots(session: AsyncSession, doctor: Doctor, day: date, now: datetime) -> list[Slot]:
    """What is left of a doctor's day."""
    zone = ZoneInfo(doctor.clinic.time_zone)
    if day > now.astimezone(zone).date() + timedelta(days=doctor.clinic.horizon_days):
        return []
    earliest = now + timedelta(minutes=doctor.clinic.min_notice_minutes)
    taken = await _taken(session, doctor, day)
    slots = []
    for each in await _sessions(session, doctor, day):
        length = timedelta(minutes=each.slot_minutes)
        start, end = (datetime.combine(day, wall, zone).astimezone(UTC) for wall in (each.start_local, each.end_local))
        while start + length <= end:
            seats = each.capacity - sum(begin < start + length and start < until for begin, until in taken)
            if seats > 0 and start >= earliest:
                slots.append(
                    Slot(
                        time_slot=f"{start.astimezone(zone):%H:%M}",
                        start_time=start,
                        end_time=start + length,
                        seats_free=seats,
                    )
                )
            start += length
    return slots


async def _sessions(session: AsyncSession, doctor: Doctor, day: date) -> Sequence[Session]:
    in_force = (
        select(func.max(Session.valid_from))
        .where(Session.doctor_id == doctor.id, Session.valid_from <= day)
        .scalar_subquery()
    )
    found = await session.scalars(
        select(Session)
        .where(Session.doctor_id == doctor.id, Session.valid_from == in_force, Session.weekday == day.isoweekday())
        .order_by(Session.start_local)
    )
    return found.all()


async def _taken(session: AsyncSession, doctor: Doctor, day: date) -> Sequence[Row[datetime, datetime]]:
    found = await session.execute(
        select(Appointment.start_at, Appointment.end_at).where(
            Appointment.doctor_id == doctor.id, Appointment.date == day, Appointment.status.in_(ACTIVE)
        )
    )
    return found.all()
