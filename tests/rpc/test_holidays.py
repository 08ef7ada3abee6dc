"""Holidays of a clinic: days on which nobody can book, whatever the working hours say."""

from datetime import date
from typing import Any

import pytest

from server.usecases.directory import clinics as rule
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.worker import Client
from tests.rpc.test_clinics import create, update
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.schedule_pb2 import CLOSED_REASON_HOLIDAY, CLOSED_REASON_UNSPECIFIED

WEDNESDAY = "2026-03-04"


@pytest.fixture
async def admin(scene: Scene) -> Client:
    """Who sets up clinics."""
    return await scene.worker.client("admin")


async def close(scene: Scene, admin: Client, *days: str, only: bool = False) -> Any:
    """Make these days, and no others, the clinic's holidays."""
    return await update(admin, scene.clinic_id, "holidays", only=only, holidays=days)


async def test_a_clinic_shows_its_holidays_by_date(scene: Scene, admin: Client) -> None:
    made = await create(admin, holidays=["2026-05-05", "2026-05-04"])
    assert list(made.holidays) == ["2026-05-04", "2026-05-05"]
    assert list((await update(admin, made.id, "holidays", holidays=[])).clinic.holidays) == []


async def test_no_slot_is_offered_on_a_holiday_and_the_day_says_why(scene: Scene, admin: Client) -> None:
    assert await scene.free()
    await close(scene, admin, TUESDAY)
    day = await scene.slots()
    assert (list(day.slots), day.closed_reason) == ([], CLOSED_REASON_HOLIDAY)
    assert (await scene.slots(WEDNESDAY)).closed_reason == CLOSED_REASON_UNSPECIFIED
    ask = schedules.SearchAvailableSlotsRequest(
        clinic_id=scene.clinic_id, from_date=TUESDAY, to_date=WEDNESDAY, limit=1
    )
    found = await scene.patient(scene.patient.schedules.SearchAvailableSlots, ask)
    assert [each.date for each in found.slots] == [WEDNESDAY]
    month = schedules.ListAvailableDaysRequest(doctor_id=scene.doctor_id, from_date=TUESDAY, to_date=WEDNESDAY)
    days = (await scene.patient(scene.patient.schedules.ListAvailableDays, month)).days
    assert [(each.slots_free, each.slots_total) for each in days] == [(0, 0), (6, 6)]
    await close(scene, admin)
    assert (await scene.slots()).slots


async def test_nobody_can_book_on_a_holiday_and_learns_why(scene: Scene, admin: Client) -> None:
    await close(scene, admin, TUESDAY)
    for caller in (scene.patient, scene.staff):
        refused = await refusal(scene.book_slot("09:00", caller))
        assert (refused.reason, refused.metadata["closed_reason"]) == ("SLOT_NOT_OFFERED", "HOLIDAY")
    assert await scene.book_slot("09:00", date=WEDNESDAY)


async def test_bookings_on_new_holidays_are_named_first_and_stay(scene: Scene, admin: Client) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    await scene.book_slot("09:00", date=WEDNESDAY)
    seen = await close(scene, admin, TUESDAY, only=True)
    assert (seen.uncovered_count, [each.appointment_id for each in seen.uncovered]) == (1, [booked.id])
    assert "1 appointment there stays as it is" in " ".join(seen.consequences)
    assert await scene.free()
    done = await close(scene, admin, TUESDAY)
    assert done.uncovered == seen.uncovered
    assert (await scene.list(date=TUESDAY)).appointments[0].id == booked.id
    await scene.cancel(booked)
    assert await scene.free() == []
    again = await close(scene, admin, TUESDAY, WEDNESDAY, only=True)
    assert again.uncovered_count == 1


async def test_a_change_of_holidays_touches_the_days_that_differ_and_no_others(scene: Scene, admin: Client) -> None:
    await close(scene, admin, TUESDAY, "2027-05-04")
    await close(scene, admin, TUESDAY, WEDNESDAY)
    rows = await scene.book.rows(
        "SELECT date, revision FROM schedule_days WHERE doctor_id = %s ORDER BY 1", scene.doctor_id
    )
    assert rows == [(date(2026, 3, 3), 1), (date(2026, 3, 4), 1), (date(2027, 5, 4), 2)]


async def test_more_days_than_can_be_locked_at_once_are_refused_with_how_many_can(
    scene: Scene, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "MOST_HOLIDAYS_LOCKED", 2)
    refused = await refusal(close(scene, admin, TUESDAY, WEDNESDAY, "2026-03-05"))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["clinic.holidays"])
    await close(scene, admin, TUESDAY, WEDNESDAY)
