"""Moving an appointment of a series and all that follow it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client
from tests.rpc.test_series import TUESDAYS, alternatives, reason_of, series
from yoyaku.v1 import appointment_service_pb2 as pb

WEDNESDAYS = ["2026-03-04", "2026-03-11", "2026-03-18", "2026-03-25"]


async def booked(scene: Scene, count: int = 4, **fields: Any) -> list[Any]:
    return [each.appointment for each in (await series(scene, count, **fields)).occurrences]


async def move_from(
    scene: Scene, appointment: Any, date: str, time_slot: str, client: Client | None = None, **fields: Any
) -> Any:
    request = pb.RescheduleAppointmentSeriesRequest(
        appointment_id=appointment.id, date=date, time_slot=time_slot, **fields
    )
    caller = client or scene.patient
    return await caller(caller.appointments.RescheduleAppointmentSeries, request)


def refused(answer: Any) -> dict[str, str]:
    """The reasons by the date that was wanted."""
    return {each.date: reason_of(each.error) for each in answer.moves if each.HasField("error")}


async def places(scene: Scene) -> list[tuple[str, str]]:
    return [(each.date, each.time_slot) for each in (await scene.list()).appointments]


async def test_an_appointment_and_all_that_follow_move_just_as_far(scene: Scene) -> None:
    first, second, third, fourth = await booked(scene)
    alone = (await scene.move(third, "09:00", date="2026-03-16")).appointment
    request_id = "00000000-0000-7000-8000-000000000002"
    answer = await move_from(scene, second, "2026-03-11", "11:00", request_id=request_id)
    assert not refused(answer)
    moved = [each.appointment for each in answer.moves]
    assert [(each.id, each.date, each.time_slot) for each in moved] == [
        (second.id, "2026-03-11", "11:00"), (third.id, "2026-03-17", "10:00"), (fourth.id, "2026-03-25", "11:00"),
    ]  # fmt: skip
    assert [(each.date, each.revision) for each in answer.day_revisions] == [
        ("2026-03-10", 2), ("2026-03-11", 1), ("2026-03-16", 2), ("2026-03-17", 3), ("2026-03-24", 2),
        ("2026-03-25", 1),
    ]  # fmt: skip
    assert int(moved[1].etag) == int(alone.etag) + 1
    assert list((await scene.list()).appointments) == [first, *moved]
    assert "10:00" in await scene.free("2026-03-10")
    assert await move_from(scene, second, "2026-03-11", "11:00", request_id=request_id) == answer
    again = await move_from(scene, second, "2026-03-11", "11:00")
    assert ([each.appointment for each in again.moves], list(again.day_revisions)) == (moved, [])


async def test_a_series_moves_over_its_own_dates_in_both_directions(scene: Scene) -> None:
    first, *_ = await booked(scene)
    assert not refused(await move_from(scene, first, TUESDAYS[1], "10:00"))
    assert await places(scene) == [(day, "10:00") for day in [*TUESDAYS[1:], "2026-03-31"]]
    assert not refused(await move_from(scene, first, TUESDAYS[0], "10:00"))
    assert await places(scene) == [(day, "10:00") for day in TUESDAYS]


async def test_one_taken_date_keeps_all_or_only_its_own_where_they_are(scene: Scene) -> None:
    first, *_ = await booked(scene)
    await scene.book_slot("10:00", date=WEDNESDAYS[1], patient_id=scene.other_id)
    for only in (False, True):
        answer = await move_from(scene, first, WEDNESDAYS[0], "10:00", validate_only=only)
        assert refused(answer) == {WEDNESDAYS[1]: "SLOT_TAKEN"}
        assert "10:30" in alternatives(answer.moves[1])
        assert not any(each.HasField("appointment") for each in answer.moves)
        assert await places(scene) == [(day, "10:00") for day in TUESDAYS]
    answer = await move_from(scene, first, WEDNESDAYS[0], "10:00", skip_refused=True)
    assert refused(answer) == {WEDNESDAYS[1]: "SLOT_TAKEN"}
    kept = [WEDNESDAYS[0], TUESDAYS[1], *WEDNESDAYS[2:]]
    assert await places(scene) == [(day, "10:00") for day in kept]


async def test_staff_moves_a_series_over_a_full_slot_with_a_reason_that_is_kept(scene: Scene) -> None:
    first, second, *_ = await booked(scene)
    await scene.book_slot("10:00", date=WEDNESDAYS[1], patient_id=scene.other_id)
    wanted: Any = {"date": WEDNESDAYS[0], "time_slot": "10:00", "override_reason": "acute pain"}
    assert (await refusal(move_from(scene, first, **wanted))).reason == "NOT_ALLOWED"
    assert not refused(await move_from(scene, first, client=scene.staff, **wanted))
    history = await scene.book.rows(
        "SELECT seat, event, note FROM appointments a JOIN appointment_events e ON appointment_id = a.id"
        " WHERE a.id = %s ORDER BY e.id DESC LIMIT 1",
        second.id,
    )
    assert history == [(2, "rescheduled", "from 2026-03-10T01:00:00Z, acute pain")]


async def test_what_may_not_be_changed_any_more_stays(scene: Scene, clock: Clock) -> None:
    await scene.book.run("UPDATE clinics SET cancel_by_minutes = 60")
    first, *rest = await booked(scene)
    clock.now = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)  # half an hour before the first one
    scene.patient = await scene.worker.client("patient", patient_id=scene.patient_id)
    answer = await move_from(scene, first, TUESDAYS[0], "11:30", skip_refused=True)
    assert refused(answer) == {TUESDAYS[0]: "TOO_LATE_TO_CHANGE"}
    assert await places(scene) == [(day, "10:00") for day in TUESDAYS]  # the same request twice moves nothing twice
    assert not refused(await move_from(scene, rest[0], TUESDAYS[1], "11:30"))
    assert await places(scene) == [(TUESDAYS[0], "10:00"), *((day, "11:30") for day in TUESDAYS[1:])]
    await scene.cancel(rest[0])
    assert (await refusal(move_from(scene, rest[0], TUESDAYS[1], "09:00"))).reason == "STATUS_FORBIDS"


async def test_the_time_of_day_moves_on_the_wall_clock_over_a_change_of_clocks(scene: Scene, clock: Clock) -> None:
    clock.now = datetime(2026, 2, 27, 14, tzinfo=UTC)
    clinic = await scene.book.clinic("America/New_York", horizon_days=365)
    doctor = await scene.book.doctor(clinic, [("01:00", "04:00")])
    patient = await scene.worker.client("patient", patient_id=scene.patient_id)
    first, *_ = await booked(scene, 3, client=patient, doctor_id=doctor, date="2026-03-01", time_slot="01:00")
    answer = await move_from(scene, first, "2026-03-01", "02:30", skip_refused=True)
    assert refused(answer) == {"2026-03-08": "SLOT_NOT_OFFERED"}
    starts = [each.appointment.start_time.ToDatetime().hour for each in answer.moves if each.HasField("appointment")]
    assert starts == [7, 6]


async def test_a_series_moves_into_rooms_that_it_leaves_itself(scene: Scene) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=60, resource_kinds=["room"])
    first, *_ = await booked(scene, 3, appointment_type_id=scan)
    second = await scene.book.doctor(scene.clinic_id)
    there: dict[str, Any] = {"doctor_id": second, "patient_id": scene.other_id, "appointment_type_id": scan}
    await scene.book_slot("10:00", date=TUESDAYS[3], **there)
    answer = await move_from(scene, first, TUESDAYS[1], "10:00", skip_refused=True)
    # The last one finds its room taken and stays, and so none before it can follow.
    assert refused(answer) == {TUESDAYS[1]: "SLOT_TAKEN", TUESDAYS[2]: "SLOT_TAKEN", TUESDAYS[3]: "RESOURCE_TAKEN"}
    third = (await scene.list()).appointments[2]
    await scene.cancel(third)
    answer = await move_from(scene, first, TUESDAYS[1], "10:30")
    assert [each.appointment.resources[0].kind for each in answer.moves] == ["room", "room"]
    assert await scene.book.rows("SELECT count(*) FROM appointment_resources WHERE active") == [(3,)]


async def test_alternatives_are_read_before_a_move_locks_the_feed_of_the_clinic(scene: Scene) -> None:
    first, *_ = await booked(scene)
    await scene.book_slot("11:00", date=TUESDAYS[1], patient_id=scene.other_id)
    async with scene.book.locked("clinic_feeds"):
        moving = asyncio.create_task(move_from(scene, first, TUESDAYS[0], "11:00", skip_refused=True))
        await until(scene.book.waits_for_a_lock)
        # Whoever reads from now on finds nothing free.
        await scene.book.run("UPDATE doctors SET time_off = '{[,)}'")
    answer = await moving
    assert refused(answer) == {TUESDAYS[1]: "SLOT_TAKEN"}
    assert "11:30" in alternatives(answer.moves[1])
