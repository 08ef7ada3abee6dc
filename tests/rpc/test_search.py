"""The earliest free slots over many doctors."""

from typing import Any

import grpc
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1 import schedule_service_pb2 as pb


async def search(scene: Scene, **fields: Any) -> list[tuple[str, str, str]]:
    """(doctor id, date, time slot) of what is found, from Tuesday for a week unless told otherwise."""
    request = pb.SearchAvailableSlotsRequest(**{"from_date": TUESDAY, "to_date": "2026-03-10"} | fields)
    found = (await scene.patient(scene.patient.schedules.SearchAvailableSlots, request)).slots
    assert [each.slot.start_time.seconds for each in found] == sorted(each.slot.start_time.seconds for each in found)
    return [(each.doctor.id, each.date, each.slot.time_slot) for each in found]


async def test_the_earliest_slots_of_a_clinic_come_from_all_its_doctors(scene: Scene) -> None:
    early = await scene.book.doctor(scene.clinic_id, [("08:30", "09:30")])
    await scene.book.doctor(await scene.book.clinic(), [("06:00", "07:00")])
    await scene.book_slot("09:00")
    found = await search(scene, clinic_id=scene.clinic_id, limit=4)
    assert found == [
        (early, TUESDAY, "08:30"),
        (early, TUESDAY, "09:00"),
        (scene.doctor_id, TUESDAY, "09:30"),
        (scene.doctor_id, TUESDAY, "10:00"),
    ]


async def test_ten_slots_are_given_unless_told_otherwise_and_days_go_on(scene: Scene) -> None:
    found = await search(scene, clinic_id=scene.clinic_id)
    assert len(found) == 10
    assert found[-1] == (scene.doctor_id, "2026-03-04", "10:30")
    assert len(await search(scene, clinic_id=scene.clinic_id, limit=50, to_date=TUESDAY)) == 6


async def test_a_specialty_is_searched_over_zones_in_the_order_of_time(scene: Scene) -> None:
    honolulu = await scene.book.doctor(await scene.book.clinic("Pacific/Honolulu"))
    found = await search(scene, specialty="general PRACTICE", limit=50)
    assert {each[0] for each in found} == {scene.doctor_id, honolulu}


async def test_a_search_for_a_specialty_that_nobody_has_says_which_there_are(scene: Scene) -> None:
    for fields in ({}, {"clinic_id": scene.clinic_id}):
        refused = await refusal(search(scene, specialty="Alchemy", **fields))
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "SPECIALTY_NOT_FOUND")
        assert "General practice" in refused.message
    assert await search(scene, specialty="General practice", clinic_id=await scene.book.clinic()) == []


async def test_a_search_finds_what_is_far_away(scene: Scene) -> None:
    clinic = await scene.book.clinic()
    doctor = await scene.book.doctor(clinic, weekdays=[2])
    for week in ("2026-03-03", "2026-03-10", "2026-03-17"):
        for slot in ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30"):
            await scene.book_slot(slot, doctor_id=doctor, date=week)
    found = await search(scene, clinic_id=clinic, to_date="2026-05-30", limit=1)
    assert found == [(doctor, "2026-03-24", "09:00")]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, ""),
        ({"specialty": "x", "to_date": "2026-03-02"}, "to_date"),
        ({"specialty": "x", "to_date": "2026-06-04"}, "to_date"),
        ({"specialty": "x", "from_date": "2026-02-29"}, "from_date"),
        ({"specialty": "x", "limit": 51}, "limit"),
    ],
)
async def test_searches_that_make_no_sense_are_refused(scene: Scene, fields: dict[str, object], field: str) -> None:
    refused = await refusal(search(scene, **fields))
    assert list(refused.violations) == [field]
