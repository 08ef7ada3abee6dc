"""What an account does for a patient whom it represents: as much as the patient, records by age, and never longer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.charts import TEXT, Charts
from tests.fixtures.clinic import TUESDAY
from tests.fixtures.family import Family
from tests.fixtures.worker import Client
from tests.rpc.patients import get, update
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import queue_service_pb2 as queue
from yoyaku.v1.appointment_pb2 import AppointmentEvent as Event
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.record_pb2 import RecordAccessBasis as Basis
from yoyaku.v1.record_pb2 import RecordAccessKind as Kind
from yoyaku.v1.representative_pb2 import RepresentativeRelation as Relation

PARENT = Relation.REPRESENTATIVE_RELATION_PARENT


async def history(client: Client, appointment_id: str) -> list[tuple[Any, ...]]:
    request = pb.ListAppointmentEventsRequest(appointment_id=appointment_id)
    events = (await client(client.appointments.ListAppointmentEvents, request)).events
    return [(each.event, each.actor, each.relation) for each in events]


async def test_a_parent_books_moves_and_cancels_and_the_history_says_so(family: Family) -> None:
    parent, scene = await family.acting(), family.scene
    booked = (await scene.book_slot("09:00", parent, patient_id=family.child_id)).appointment
    await scene.move(booked, "10:00", parent)
    assert [each.id for each in (await scene.list(parent, patient_id=family.child_id)).appointments] == [booked.id]
    assert [each.id for each in (await scene.list(parent, doctor_id=scene.doctor_id, date=TUESDAY)).appointments] == [
        booked.id
    ]
    await scene.cancel(booked, parent)
    expected = [
        (event, family.account_id, PARENT)
        for event in (
            Event.APPOINTMENT_EVENT_BOOKED,
            Event.APPOINTMENT_EVENT_RESCHEDULED,
            Event.APPOINTMENT_EVENT_CANCELLED,
        )
    ]
    assert await history(scene.staff, booked.id) == await history(parent, booked.id) == expected


async def test_what_a_parent_does_for_itself_names_no_relation(family: Family) -> None:
    parent, scene = await family.acting(), family.scene
    booked = (await scene.book_slot("09:00", parent)).appointment
    assert await history(parent, booked.id) == [(Event.APPOINTMENT_EVENT_BOOKED, family.account_id, 0)]


async def test_holds_and_series_are_booked_for_a_child_too(family: Family) -> None:
    parent, scene = await family.acting(), family.scene
    whose: dict[str, Any] = {"patient_id": family.child_id, "doctor_id": scene.doctor_id}
    held = await parent(parent.appointments.HoldSlot, pb.HoldSlotRequest(**whose, date=TUESDAY, time_slot="09:00"))
    confirm = pb.ConfirmHoldRequest(appointment_id=held.appointment.id)
    await parent(parent.appointments.ConfirmHold, confirm)
    assert {relation for _, _, relation in await history(parent, held.appointment.id)} == {PARENT}
    weekly = pb.Recurrence(frequency=pb.Frequency.FREQUENCY_WEEKLY, count=2)
    series = pb.CreateAppointmentSeriesRequest(**whose, date="2026-03-04", time_slot="09:00", recurrence=weekly)
    first, second = (await parent(parent.appointments.CreateAppointmentSeries, series)).occurrences
    cancel = pb.CancelAppointmentSeriesRequest(appointment_id=first.appointment.id)
    await parent(parent.appointments.CancelAppointmentSeries, cancel)
    assert {relation for _, _, relation in await history(parent, second.appointment.id)} == {PARENT}


async def test_rules_for_patients_bind_who_acts_for_them(family: Family) -> None:
    parent, scene = await family.acting(), family.scene
    beyond = scene.book_slot("09:00", parent, patient_id=family.child_id, date="2027-03-02")
    assert (await refusal(beyond)).reason == "BEYOND_HORIZON"
    await scene.book_slot("09:00")
    extra = scene.book_slot("09:00", parent, patient_id=family.child_id, override_reason="urgent today")
    assert (await refusal(extra)).reason == "NOT_ALLOWED"
    staff_only = await scene.book.appointment_type(scene.clinic_id, staff_only=True)
    typed = scene.book_slot("10:00", parent, patient_id=family.child_id, appointment_type_id=staff_only)
    assert (await refusal(typed)).reason == "APPOINTMENT_TYPE_NOT_OFFERED"


async def test_nobody_acts_for_the_child_of_another(family: Family) -> None:
    booked = (await family.scene.book_slot("09:00", await family.acting(), patient_id=family.child_id)).appointment
    stranger = family.scene.other
    attempts = {
        "NOT_ALLOWED": family.scene.book_slot("10:00", stranger, patient_id=family.child_id),
        "APPOINTMENT_NOT_FOUND": family.scene.cancel(booked, stranger),
        "PATIENT_NOT_FOUND": get(stranger, family.child_id),
    }
    for reason, call in attempts.items():
        assert (await refusal(call)).reason == reason
    assert list((await family.scene.list(stranger, patient_id=family.child_id)).appointments) == []


async def test_who_acts_for_who_acts_for_a_child_gains_nothing(family: Family) -> None:
    await family.add()
    carer = await family.scene.book.account("patient", patient_id=family.scene.other_id)
    [[email]] = await family.scene.book.rows("SELECT email FROM accounts WHERE id = %s", carer)
    whom: dict[str, Any] = {"patient_id": family.scene.patient_id, "relation": Relation.REPRESENTATIVE_RELATION_CARER}
    await family.add(**whom, email=email, end_date="2027-01-01")
    client = await family.scene.worker.client_of(carer)
    assert [each.patient.id for each in (await family.me(client)).represents] == [family.scene.patient_id]
    assert (await get(client, family.scene.patient_id)).name == "Sato Ken"
    assert (await refusal(get(client, family.child_id))).reason == "PATIENT_NOT_FOUND"
    booking = family.scene.book_slot("09:00", client, patient_id=family.child_id)
    assert (await refusal(booking)).reason == "NOT_ALLOWED"


async def test_a_parent_checks_a_child_in_around_the_start(family: Family, clock: Clock) -> None:
    booked = (await family.scene.book_slot("09:00", await family.acting(), patient_id=family.child_id)).appointment
    clock.advance(booked.start_time.ToDatetime(UTC) - clock.now - timedelta(minutes=5))
    request = queue.CheckInRequest(appointment_id=booked.id)
    other = await family.scene.worker.client("patient", patient_id=family.scene.other_id)
    assert (await refusal(other(other.queue.CheckIn, request))).reason == "APPOINTMENT_NOT_FOUND"
    parent = await family.signed_in()
    await parent(parent.queue.CheckIn, request)
    event, actor, relation = (await history(parent, booked.id))[-1]
    assert (event, actor, relation) == (Event.APPOINTMENT_EVENT_CHECKED_IN, family.account_id, PARENT)


async def test_a_parent_changes_the_childs_address_and_the_log_says_so(family: Family) -> None:
    parent = await family.acting()
    whose: dict[str, Any] = {"caller": parent, "patient_id": family.child_id}
    assert (await update(family.scene, Patient(email="mei@example.org"), "email", **whose)).pending_email
    name = update(family.scene, Patient(name="Mallory"), "name", **whose)
    assert (await refusal(name)).reason == "NOT_ALLOWED"
    charts = Charts(family.scene, parent, parent, "", "")
    changed = (await charts.log(parent, patient_id=family.child_id)).accesses[0]
    assert (changed.kind, changed.basis, changed.relation, changed.account_id) == (
        Kind.RECORD_ACCESS_KIND_PATIENT_CHANGED,
        Basis.RECORD_ACCESS_BASIS_REPRESENTATIVE,
        PARENT,
        family.account_id,
    )


async def test_records_are_read_until_16_and_the_log_names_who_read(
    family: Family, charts: Charts, clock: Clock
) -> None:
    await family.scene.book_slot("10:00", await family.acting(), patient_id=family.child_id)
    written = await charts.write(patient_id=family.child_id)
    parent = await family.signed_in()
    assert (await charts.read(written.id, parent)).text == TEXT
    assert len((await charts.list(parent, patient_id=family.child_id)).records) == 1
    read = (await charts.log(parent, patient_id=family.child_id)).accesses[1]
    assert (read.kind, read.basis, read.relation, read.reason) == (
        Kind.RECORD_ACCESS_KIND_READ,
        Basis.RECORD_ACCESS_BASIS_REPRESENTATIVE,
        PARENT,
        "",
    )
    clock.advance(datetime(2030, 5, 4, tzinfo=UTC) - clock.now)
    parent = await family.signed_in()
    assert (await get(parent, family.child_id)).name == "Sato Mei"
    [shown] = (await family.me(parent)).represents
    assert (shown.active, shown.sees_records) == (True, False)
    assert (await refusal(charts.read(written.id, parent))).reason == "RECORD_NOT_FOUND"
    for call in (charts.list, charts.log):
        assert (await refusal(call(parent, patient_id=family.child_id))).reason == "NOT_ALLOWED"


async def test_the_account_of_somebody_who_died_acts_for_nobody(family: Family) -> None:
    await family.add()
    await update(family.scene, Patient(deceased=True), "deceased")
    assert (await refusal(get(await family.signed_in(), family.child_id))).reason == "PATIENT_NOT_FOUND"
    assert [each.active for each in await family.list()] == [False]


async def test_an_account_that_works_here_acts_for_nobody(family: Family) -> None:
    await family.add()
    await family.scene.book.run("UPDATE accounts SET roles = '{patient,doctor}' WHERE id = %s", family.account_id)
    assert (await refusal(get(await family.signed_in(), family.child_id))).reason == "PATIENT_NOT_FOUND"


async def test_a_clinic_where_a_parent_booked_knows_the_child(family: Family) -> None:
    clinic_id = await family.scene.book.clinic()
    doctor_id = await family.scene.book.doctor(clinic_id)
    staff = await family.scene.worker.client("staff", clinic_ids=[clinic_id])
    await family.scene.book_slot("09:00", family.scene.staff, patient_id=family.child_id)
    whose: dict[str, Any] = {"patient_id": family.child_id, "caller": staff}
    renamed = Patient(name="Sato May")
    refused = await refusal(update(family.scene, renamed, "name", **whose))
    assert refused.reason == "REASON_REQUIRED"
    await family.scene.book_slot("10:00", await family.acting(), patient_id=family.child_id, doctor_id=doctor_id)
    assert (await update(family.scene, renamed, "name", **whose)).name == "Sato May"
