"""RecordService over gRPC: who reads and writes which records, versions, emergencies, the access log."""

import uuid
from datetime import timedelta

import grpc
import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import all_pages, everyone, refusal
from tests.fixtures.charts import TEXT, Charts
from yoyaku.v1.record_pb2 import RecordAccessBasis as Basis
from yoyaku.v1.record_pb2 import RecordAccessKind as Kind


async def test_a_treating_doctor_writes_and_the_patient_reads(charts: Charts) -> None:
    written = await charts.write()
    assert (written.text, written.version, written.doctor.name) == (TEXT, 1, "Mori Hana")
    assert await charts.read(written.id) == written
    assert await charts.read(written.id, charts.scene.patient) == written
    assert list((await charts.list(charts.scene.patient)).records) == [written]


async def test_everyone_else_is_refused_as_if_there_were_no_record(charts: Charts) -> None:
    written = await charts.write()
    people = await everyone(charts.scene)
    for name in ("other patient", "other doctor"):
        refused = await refusal(charts.read(written.id, people[name]))
        missing = await refusal(charts.read(absent := str(uuid.uuid4()), people[name]))
        assert refused.code is grpc.StatusCode.NOT_FOUND
        assert (refused.reason, refused.message) == (missing.reason, missing.message)
        assert missing.metadata == {"record_id": absent}
    for name in ("staff", "admin", "display", "system"):
        assert (await refusal(charts.read(written.id, people[name]))).reason == "NOT_ALLOWED"
        assert (await refusal(charts.list(people[name]))).reason == "NOT_ALLOWED"
        assert (await refusal(charts.write(people[name]))).reason == "NOT_ALLOWED"


async def test_a_patient_reads_only_own_records(charts: Charts) -> None:
    written = await charts.write()
    for patient_id in (charts.scene.patient_id, str(uuid.uuid4())):
        assert (await refusal(charts.list(charts.scene.other, patient_id=patient_id))).reason == "NOT_ALLOWED"
    assert (await refusal(charts.versions(written.id, charts.scene.other))).reason == "RECORD_NOT_FOUND"
    assert (await refusal(charts.log(charts.scene.other))).reason == "NOT_ALLOWED"


async def test_a_doctor_without_an_appointment_is_told_of_the_glass(charts: Charts) -> None:
    for patient_id in (charts.scene.patient_id, str(uuid.uuid4())):
        for call in (charts.list, charts.write):
            refused = await refusal(call(charts.outsider, patient_id=patient_id))
            assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_TREATING")
            assert "BreakGlass" in refused.message


async def test_breaking_the_glass_opens_for_an_hour_and_the_patient_sees_it(charts: Charts, clock: Clock) -> None:
    written = await charts.write()
    granted = await charts.break_glass(reason="found unconscious")
    assert granted.expire_time.ToDatetime() == (clock.now + timedelta(hours=1)).replace(tzinfo=None)
    assert (await charts.read(written.id, charts.outsider)).text == TEXT
    assert (await charts.write(charts.outsider, text="adrenaline given")).doctor.id != written.doctor.id
    read, *_ = [each for each in (await charts.log()).accesses if each.kind == Kind.RECORD_ACCESS_KIND_READ]
    assert (read.basis, list(read.record_ids)) == (Basis.RECORD_ACCESS_BASIS_BREAK_GLASS, [written.id])
    [broken] = [each for each in (await charts.log()).accesses if each.kind == Kind.RECORD_ACCESS_KIND_BROKE_GLASS]
    assert (broken.reason, broken.doctor.name) == ("found unconscious", "Mori Hana")
    clock.advance(timedelta(hours=1))
    await charts.sign_in()
    assert (await refusal(charts.read(written.id, charts.outsider))).reason == "RECORD_NOT_FOUND"


async def test_the_glass_is_broken_by_doctors_for_patients_there_are(charts: Charts) -> None:
    people = await everyone(charts.scene)
    for name in ("patient", "staff", "admin", "display", "system"):
        assert (await refusal(charts.break_glass(people[name]))).reason == "NOT_ALLOWED"
    assert (await refusal(charts.break_glass(patient_id=str(uuid.uuid4())))).reason == "PATIENT_NOT_FOUND"


async def test_a_grant_is_that_doctors_and_that_patients(charts: Charts) -> None:
    written = await charts.write()
    await charts.break_glass(patient_id=charts.scene.other_id)
    assert (await refusal(charts.read(written.id, charts.outsider))).reason == "RECORD_NOT_FOUND"
    await charts.break_glass()
    third = await charts.scene.worker.client("doctor", doctor_id=await charts.scene.book.doctor(charts.scene.clinic_id))
    assert (await refusal(charts.read(written.id, third))).reason == "RECORD_NOT_FOUND"


@pytest.mark.parametrize("status", ["cancelled", "expired", "no_show"])
async def test_an_appointment_that_never_took_place_does_not_count(charts: Charts, status: str) -> None:
    await charts.scene.book.run(f"UPDATE appointments SET status = '{status}'")  # noqa: S608
    assert (await refusal(charts.write())).reason == "NOT_TREATING"


async def test_a_doctor_treats_until_a_year_after_the_appointment(charts: Charts, clock: Clock) -> None:
    written = await charts.write()
    clock.advance(timedelta(days=365))
    await charts.sign_in()
    assert (await charts.list()).records
    clock.advance(timedelta(days=3))
    await charts.sign_in()
    assert (await refusal(charts.list())).reason == "NOT_TREATING"
    assert (await charts.read(written.id)).text == TEXT
    [last, *_] = (await charts.log(await charts.scene.worker.client("admin"))).accesses
    assert last.basis == Basis.RECORD_ACCESS_BASIS_AUTHOR


async def test_the_author_amends_and_the_old_version_stays(charts: Charts, clock: Clock) -> None:
    written = await charts.write()
    clock.advance(timedelta(minutes=5))
    amended = await charts.amend(written.id, "no allergy", etag=written.etag)
    assert (amended.version, amended.text, amended.create_time) == (2, "no allergy", written.create_time)
    assert amended.update_time.seconds == written.update_time.seconds + 300
    assert await charts.read(written.id, charts.scene.patient) == amended
    history = await all_pages(
        lambda token: charts.versions(written.id, charts.scene.patient, size=1, page_token=token),
        lambda page: page.versions,
    )
    assert [(each.version, each.text) for each in history] == [(2, "no allergy"), (1, TEXT)]
    assert (await refusal(charts.amend(written.id, "x", etag=written.etag))).reason == "ETAG_MISMATCH"


async def test_nobody_but_the_author_amends(charts: Charts) -> None:
    written = await charts.write()
    assert (await refusal(charts.amend(written.id, "x", charts.outsider))).reason == "RECORD_NOT_FOUND"
    await charts.break_glass()
    assert (await refusal(charts.amend(written.id, "x", charts.outsider))).reason == "NOT_ALLOWED"
    assert (await refusal(charts.amend(written.id, "x", charts.scene.patient))).reason == "NOT_ALLOWED"


async def test_a_record_may_name_an_appointment_of_that_doctor_with_that_patient(charts: Charts) -> None:
    mine = (await charts.scene.list()).appointments[0]
    assert (await charts.write(appointment_id=mine.id)).appointment_id == mine.id
    theirs = (await charts.scene.book_slot("10:00", patient_id=charts.scene.other_id)).appointment
    for appointment_id in (theirs.id, str(uuid.uuid4())):
        assert (await refusal(charts.write(appointment_id=appointment_id))).reason == "APPOINTMENT_NOT_FOUND"


async def test_a_write_that_comes_again_is_done_once_and_gets_its_text_back(charts: Charts) -> None:
    request_id = str(uuid.uuid4())
    first = await charts.write(request_id=request_id)
    assert await charts.write(request_id=request_id) == first
    amendment = str(uuid.uuid4())
    amended = await charts.amend(first.id, "no allergy", request_id=amendment)
    assert await charts.amend(first.id, "no allergy", request_id=amendment) == amended
    grant = await charts.break_glass(request_id=request_id)
    assert await charts.break_glass(request_id=request_id) == grant
    assert (await refusal(charts.write(request_id=request_id, text="other"))).reason == "REQUEST_ID_REUSED"
    assert len((await charts.list()).records) == 1


async def test_lists_go_page_by_page_from_the_newest_on(charts: Charts, clock: Clock) -> None:
    ids = []
    for minute in range(5):
        clock.advance(timedelta(minutes=minute % 2))
        ids.append((await charts.write(text=f"visit {minute}")).id)
    found = await all_pages(lambda token: charts.list(size=2, page_token=token), lambda page: page.records)
    by_page = [row.id for page in range(3) for row in (await charts.list(size=2, page=page)).records]
    assert [row.id for row in found] == by_page
    assert set(by_page) == set(ids)
    assert [row.create_time.seconds for row in found] == sorted(
        (row.create_time.seconds for row in found), reverse=True
    )
    token = (await charts.list(size=2)).next_page_token
    assert (
        await refusal(charts.list(charts.scene.other, patient_id=charts.scene.other_id, page_token=token))
    ).reason == ("PAGE_TOKEN_INVALID")
    assert (await refusal(charts.list(page=50))).reason == "PAGE_TOO_DEEP"


async def test_every_access_is_in_the_log_the_latest_first(charts: Charts) -> None:
    written = await charts.write()
    await charts.read(written.id)
    await charts.list(charts.scene.patient)
    await charts.amend(written.id, "no allergy")
    await charts.versions(written.id)
    log = await all_pages(lambda token: charts.log(size=2, page_token=token), lambda page: page.accesses)
    kinds = [Kind.Name(each.kind).removeprefix("RECORD_ACCESS_KIND_") for each in log]
    assert kinds == ["VERSIONS_READ", "AMENDED", "LISTED", "READ", "CREATED"]
    assert [each.doctor.name for each in log] == ["Mori Hana", "Mori Hana", "", "Mori Hana", "Mori Hana"]
    assert all(list(each.record_ids) == [written.id] for each in log)


async def test_breaking_the_glass_takes_a_reason_that_says_something(charts: Charts) -> None:
    refused = await refusal(charts.break_glass(reason="."))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["reason"])
