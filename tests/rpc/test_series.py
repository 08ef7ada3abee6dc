"""Series: appointments at one time of day, weekly or monthly."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from google.rpc import error_details_pb2

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.schedule_pb2 import AlternativeSlots

WEEKLY = pb.FREQUENCY_WEEKLY
TUESDAYS = ["2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24"]


async def series(scene: Scene, count: int = 4, client: Client | None = None, **fields: Any) -> Any:
    defaults = {"patient_id": scene.patient_id, "doctor_id": scene.doctor_id, "date": TUESDAY, "time_slot": "10:00"}
    request = pb.CreateAppointmentSeriesRequest(
        **defaults | {"recurrence": pb.Recurrence(frequency=WEEKLY, count=count)} | fields
    )
    caller = client or scene.patient
    return await caller(caller.appointments.CreateAppointmentSeries, request)


async def cancel_from(scene: Scene, appointment_id: str) -> Any:
    request = pb.CancelAppointmentSeriesRequest(appointment_id=appointment_id, reason="moved away")
    return await scene.patient(scene.patient.appointments.CancelAppointmentSeries, request)


def refusals(answer: Any) -> dict[str, str]:
    """The reasons by date."""
    found = {}
    for each in answer.occurrences:
        if each.HasField("error"):
            found[each.date] = reason_of(each.error)
    return found


def reason_of(error: Any) -> str:
    info = error_details_pb2.ErrorInfo()
    error.details[0].Unpack(info)
    return str(info.reason)


def alternatives(occurrence: Any) -> list[str]:
    slots = AlternativeSlots()
    assert any(detail.Unpack(slots) for detail in occurrence.error.details)
    return [slot.time_slot for slot in slots.slots]


async def test_a_series_is_booked_in_one_step_and_lists_show_it(scene: Scene) -> None:
    request_id = "00000000-0000-7000-8000-000000000001"
    answer = await series(scene, request_id=request_id)
    assert not refusals(answer)
    booked = [each.appointment for each in answer.occurrences]
    assert [(each.date, each.time_slot) for each in booked] == [(day, "10:00") for day in TUESDAYS]
    assert {each.series_id for each in booked} == {answer.series_id}
    assert [(each.date, each.revision) for each in answer.day_revisions] == [(day, 1) for day in TUESDAYS]
    assert list((await scene.list()).appointments) == booked
    assert await series(scene, request_id=request_id) == answer


async def test_one_taken_date_refuses_all_or_is_left_out(scene: Scene) -> None:
    await scene.book_slot("10:00", date=TUESDAYS[1], patient_id=scene.other_id)
    for only in (False, True):
        answer = await series(scene, validate_only=only)
        assert (answer.series_id, refusals(answer)) == ("", {TUESDAYS[1]: "SLOT_TAKEN"})
        assert "10:30" in alternatives(answer.occurrences[1])
        assert not (await scene.list()).appointments
    answer = await series(scene, skip_refused=True)
    assert refusals(answer) == {TUESDAYS[1]: "SLOT_TAKEN"}
    assert [each.date for each in (await scene.list()).appointments] == [TUESDAYS[0], *TUESDAYS[2:]]
    preview = await series(scene, validate_only=True, time_slot="11:00")
    assert (preview.series_id, refusals(preview)) == ("", {})
    assert not any(each.HasField("appointment") for each in preview.occurrences)


async def test_alternatives_are_read_before_the_feed_of_the_clinic_is_locked(scene: Scene) -> None:
    await scene.book_slot("10:00", date=TUESDAYS[1], patient_id=scene.other_id)
    async with scene.book.locked("clinic_feeds"):
        booking = asyncio.create_task(series(scene, skip_refused=True))
        await until(scene.book.waits_for_a_lock)
        # Whoever reads from now on finds nothing free.
        await scene.book.run("UPDATE doctors SET time_off = '{[,)}'")
    answer = await booking
    assert refusals(answer) == {TUESDAYS[1]: "SLOT_TAKEN"}
    assert "10:30" in alternatives(answer.occurrences[1])


async def test_a_holiday_is_a_refused_date_and_limits_hold_within_the_series(scene: Scene) -> None:
    await scene.book.run("UPDATE clinics SET holidays = '{2026-03-10}', max_per_patient_day = 1")
    await scene.book_slot("09:00", date=TUESDAYS[2])
    answer = await series(scene, skip_refused=True)
    assert refusals(answer) == {TUESDAYS[1]: "SLOT_NOT_OFFERED", TUESDAYS[2]: "DAILY_LIMIT_REACHED"}
    assert alternatives(answer.occurrences[1])


async def test_patients_keep_within_the_limit_of_appointments_ahead(scene: Scene) -> None:
    await scene.book.run("UPDATE clinics SET max_open_appointments = 3")
    assert (await refusal(series(scene))).reason == "OPEN_LIMIT_REACHED"
    assert (await series(scene, 3)).series_id


async def test_the_time_of_day_stays_over_both_changes_of_clocks(scene: Scene, clock: Clock) -> None:
    clock.now = datetime(2026, 2, 27, 14, tzinfo=UTC)
    clinic = await scene.book.clinic("America/New_York", horizon_days=365)
    doctor = await scene.book.doctor(clinic, [("01:00", "04:00")])
    client = await scene.worker.client("patient", patient_id=scene.patient_id)
    answer = await series(scene, 36, client, doctor_id=doctor, date="2026-03-01", time_slot="02:30", skip_refused=True)
    assert refusals(answer) == {"2026-03-08": "SLOT_NOT_OFFERED"}
    starts = {each.date: each.appointment.start_time.ToDatetime().hour for each in answer.occurrences}
    assert (starts["2026-03-01"], starts["2026-03-15"], starts["2026-11-01"]) == (7, 6, 7)
    twice = await series(scene, 36, client, doctor_id=doctor, date="2026-03-01", time_slot="01:30", skip_refused=True)
    assert refusals(twice) == {"2026-11-01": "AMBIGUOUS_LOCAL_TIME"}


async def test_each_date_gets_a_room_of_its_type(scene: Scene) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=60, resource_kinds=["room"])
    second = await scene.book.doctor(scene.clinic_id)
    there: dict[str, Any] = {"doctor_id": second, "patient_id": scene.other_id, "appointment_type_id": scan}
    await scene.book_slot("10:30", date=TUESDAYS[3], **there)
    answer = await series(scene, appointment_type_id=scan, skip_refused=True)
    assert refusals(answer) == {TUESDAYS[3]: "RESOURCE_TAKEN"}
    assert [len(each.appointment.resources) for each in answer.occurrences] == [1, 1, 1, 0]
    assert await scene.book.rows("SELECT count(*) FROM appointment_resources WHERE active") == [(4,)]


async def test_an_appointment_and_all_that_follow_are_cancelled_in_one_step(scene: Scene) -> None:
    answer = await series(scene)
    first, second, third, fourth = (each.appointment for each in answer.occurrences)
    await scene.move(third, "09:00", date="2026-03-18")
    cancelled = await cancel_from(scene, second.id)
    assert [each.id for each in cancelled.appointments] == [second.id, third.id, fourth.id]
    assert {each.status for each in cancelled.appointments} == {AppointmentStatus.APPOINTMENT_STATUS_CANCELLED}
    assert [(each.date, each.revision) for each in cancelled.day_revisions] == [
        ("2026-03-10", 2), ("2026-03-18", 2), ("2026-03-24", 2),
    ]  # fmt: skip
    left = [each.id for each in (await scene.list()).appointments if each.status == first.status]
    assert left == [first.id]
    assert "10:00" in await scene.free(TUESDAYS[3])
    assert (await refusal(cancel_from(scene, second.id))).reason == "STATUS_FORBIDS"


async def test_a_series_of_two_years_is_booked_within_the_time_of_a_call(scene: Scene) -> None:
    answer = await series(scene, 52, scene.staff, recurrence=pb.Recurrence(frequency=WEEKLY, interval=2, count=52))
    assert (len(answer.day_revisions), refusals(answer)) == (52, {})
    assert len((await cancel_from_as_staff(scene, answer.series_id)).appointments) == 52


async def cancel_from_as_staff(scene: Scene, appointment_id: str) -> Any:
    request = pb.CancelAppointmentSeriesRequest(appointment_id=appointment_id)
    return await scene.staff(scene.staff.appointments.CancelAppointmentSeries, request)


async def test_staff_books_a_series_over_a_full_slot_with_a_reason_that_is_kept(scene: Scene) -> None:
    await scene.book_slot("10:00", date=TUESDAYS[1], patient_id=scene.other_id)
    refused = await refusal(series(scene, override_reason="acute pain"))
    assert refused.reason == "NOT_ALLOWED"
    answer = await series(scene, client=scene.staff, override_reason="acute pain")
    assert not refusals(answer)
    history = await scene.book.rows(
        "SELECT date::text, seat, event, note FROM appointments a JOIN appointment_events ON appointment_id = a.id"
        " WHERE series_id = %s ORDER BY date LIMIT 2",
        answer.series_id,
    )
    assert history == [(TUESDAYS[0], 1, "booked", ""), (TUESDAYS[1], 2, "overridden", "acute pain")]


@pytest.mark.parametrize("field", ["count", "frequency"])
async def test_a_series_needs_a_rule_within_bounds(scene: Scene, field: str) -> None:
    rule = {"frequency": WEEKLY, "count": 2} | {field: 0}
    refused = await refusal(series(scene, recurrence=pb.Recurrence(**rule)))  # type: ignore[arg-type]
    assert list(refused.violations) == [f"recurrence.{field}"]
