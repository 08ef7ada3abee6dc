"""How many slots are free on each day of a month or two."""

from datetime import date, datetime, timedelta
from typing import Any

import grpc
import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.rpc.test_listing import statements
from yoyaku.v1 import schedule_service_pb2 as pb

FIRST, LAST = date(2026, 3, 2), date(2026, 5, 2)
DAYS = [FIRST + timedelta(days=offset) for offset in range(62)]
UNKNOWN = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"

Counts = dict[str, tuple[int, int]]


async def count(scene: Scene, client: Any = None, **fields: Any) -> Counts:
    """(free, total) by date, of all 62 days unless told otherwise."""
    request = pb.ListAvailableDaysRequest(**{"from_date": f"{FIRST}", "to_date": f"{LAST}"} | fields)
    caller = client or scene.patient
    answer = await caller(caller.schedules.ListAvailableDays, request)
    return {day.date: (day.slots_free, day.slots_total) for day in answer.days}


async def listed(scene: Scene, *doctor_ids: str) -> dict[str, int]:
    """The number of slots that ListAvailableSlots gives, by date."""
    return {f"{day}": sum([len(await scene.free(f"{day}", each)) for each in doctor_ids]) for day in DAYS}


async def test_each_day_has_as_many_free_slots_as_are_listed_for_it(scene: Scene, clock: Clock) -> None:
    night = await scene.book.doctor(scene.clinic_id, [("20:00", "02:00"), ("09:00", "09:30")], weekdays=[2, 5])
    pair = await scene.book.doctor(scene.clinic_id, capacity=2)
    await scene.book.run("UPDATE clinics SET horizon_days = 50, buffer_minutes = 15")
    for doctor_id, day, index in (
        (scene.doctor_id, TUESDAY, 0),
        (scene.doctor_id, "2026-03-20", -1),
        (pair, "2026-03-20", 0),
        (night, "2026-03-06", -1),
        (night, "2026-03-10", 0),
    ):
        slot = (await scene.free(day, doctor_id))[index]
        await scene.book_slot(slot, scene.staff, doctor_id=doctor_id, date=day)
    clock.now = datetime.fromisoformat("2026-03-02T01:10:00Z")
    scene.patient = await scene.worker.client("patient", patient_id=scene.patient_id)
    for doctor_id in (scene.doctor_id, night, pair):
        counted = await count(scene, doctor_id=doctor_id)
        assert {day: free for day, (free, _) in counted.items()} == await listed(scene, doctor_id)
    free, total = counted["2026-03-20"]
    assert free == total > 0
    everybody = await count(scene, clinic_id=scene.clinic_id)
    assert {day: free for day, (free, _) in everybody.items()} == await listed(scene, scene.doctor_id, night, pair)
    assert (await count(scene, doctor_id=scene.doctor_id))["2026-03-20"] == (free - 1, total)
    assert everybody[f"{LAST}"] == (0, 0)


async def test_a_change_shows_at_once(scene: Scene) -> None:
    async def tuesday(**fields: Any) -> tuple[int, int]:
        of_doctor = await count(scene, doctor_id=scene.doctor_id, **fields)
        of_clinic = await count(scene, clinic_id=scene.clinic_id, specialty="general PRACTICE", **fields)
        assert of_doctor == of_clinic
        return of_doctor[TUESDAY]

    assert await tuesday() == (6, 6)
    booked = await scene.book_slot("09:30")
    assert await tuesday() == (5, 6)
    await scene.move(booked.appointment, "09:30", date="2026-03-04")
    assert await tuesday() == (6, 6)
    await scene.set_hours([("13:00", "14:00")])
    assert await tuesday() == (2, 2)
    assert await tuesday(to_date=TUESDAY) == (2, 2)


async def test_days_are_one_statement_however_many_and_none_once_they_are_known(scene: Scene) -> None:
    doctors = [await scene.book.doctor(scene.clinic_id) for _ in range(3)]
    later = await scene.book.doctor(scene.clinic_id)
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    fields = {"from_date": TUESDAY, "to_date": "2026-05-03"}
    await count(scene, doctor_id=doctors[0], **fields)
    before = await statements_of_offers(scene)
    assert len(await count(scene, doctor_id=doctors[1], **fields)) == 62
    assert await statements_of_offers(scene) == before + 1
    assert len(await count(scene, clinic_id=scene.clinic_id, **fields)) == 62
    assert await statements_of_offers(scene) == before + 2
    for known in (*doctors, later):
        await count(scene, doctor_id=known, **fields)
    await count(scene, clinic_id=scene.clinic_id, **fields)
    assert await statements_of_offers(scene) == before + 2


async def statements_of_offers(scene: Scene) -> int:
    """How many statements have read what decides slots."""
    [[calls]] = await scene.book.rows(
        "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
        " WHERE datname = current_database() AND query LIKE '%%FROM working_hours h%%'"
        " AND query NOT LIKE '%%pg_stat_statements%%'"
    )
    return int(str(calls))


async def test_days_that_are_rendered_already_are_not_read_again(scene: Scene) -> None:
    await scene.slots()
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    await count(scene, doctor_id=scene.doctor_id, from_date="2026-03-04")
    before = await statements(scene)
    assert (await count(scene, doctor_id=scene.doctor_id, from_date=TUESDAY))[TUESDAY] == (6, 6)
    assert await statements(scene) == before


async def test_who_is_unknown_is_an_error(scene: Scene) -> None:
    for fields, reason in (
        ({"doctor_id": UNKNOWN}, "DOCTOR_NOT_FOUND"),
        ({"clinic_id": UNKNOWN}, "CLINIC_NOT_FOUND"),
        ({"clinic_id": scene.clinic_id, "specialty": "Alchemy"}, "SPECIALTY_NOT_FOUND"),
    ):
        refused = await refusal(count(scene, **fields))
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, reason)
    empty = await scene.book.clinic()
    assert set((await count(scene, clinic_id=empty, specialty="General practice")).values()) == {(0, 0)}


async def test_a_display_counts_only_days_of_its_clinics(scene: Scene) -> None:
    display = await scene.worker.client("display", clinic_ids=[await scene.book.clinic()])
    for whose in ({"doctor_id": scene.doctor_id}, {"clinic_id": scene.clinic_id}):
        assert (await refusal(count(scene, display, **whose))).reason == "NOT_ALLOWED"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, ""),
        ({"doctor_id": UNKNOWN, "clinic_id": UNKNOWN}, ""),
        ({"doctor_id": UNKNOWN, "specialty": "x"}, ""),
        ({"doctor_id": "me"}, "doctor_id"),
        ({"clinic_id": UNKNOWN, "to_date": "2026-03-01"}, "to_date"),
        ({"clinic_id": UNKNOWN, "to_date": "2026-05-03"}, "to_date"),
        ({"clinic_id": UNKNOWN, "from_date": "2026-02-29"}, "from_date"),
    ],
)
async def test_questions_that_make_no_sense_are_refused(scene: Scene, fields: dict[str, object], field: str) -> None:
    assert list((await refusal(count(scene, **fields))).violations) == [field]
