"""Representatives: who adds, sees and ends them, and who is told."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc

from tests.fixtures.book import Clock
from tests.fixtures.callers import everyone, refusal
from tests.fixtures.family import BORN, NOTE, Family
from tests.fixtures.worker import Refusal
from tests.rpc.patients import get, update
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1 import record_service_pb2 as records
from yoyaku.v1.clinic_pb2 import Clinic, RepresentativePolicy
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.record_pb2 import RecordAccessBasis as Basis
from yoyaku.v1.record_pb2 import RecordAccessKind as Kind
from yoyaku.v1.representative_pb2 import RepresentativeRelation as Relation

PARENT = Relation.REPRESENTATIVE_RELATION_PARENT
GUARDIAN = Relation.REPRESENTATIVE_RELATION_GUARDIAN
CARER = Relation.REPRESENTATIVE_RELATION_CARER


def day_of(representative: object) -> str:
    """The day in Tokyo that begins when it ends."""
    ends_at: datetime = representative.end_time.ToDatetime(UTC)  # type: ignore[attr-defined]
    return (ends_at + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M")


async def test_staff_add_a_parent_until_the_birthday(family: Family) -> None:
    added = await family.add()
    assert (added.patient.id, added.patient.name, added.name) == (family.child_id, "Sato Mei", "Sato Ken")
    assert (added.account_id, added.relation, added.note) == (family.account_id, PARENT, NOTE)
    assert (added.active, added.sees_records, day_of(added)) == (True, True, "2032-05-04 00:00")
    assert added.clinic.id == family.scene.clinic_id
    assert list(await family.list()) == [added]


async def test_what_the_age_does_not_allow_names_the_field_and_the_latest_day(family: Family) -> None:
    adult = await family.patient("Sato Jiro", "1950-01-01")
    unknown = await family.patient("Sato Saburo", "2014")
    refused = {
        "end_date": (family.add(end_date="2032-05-04"), "2032-05-03"),
        "relation": (family.add(patient_id=adult, end_date="2027-01-01"), "guardian"),
        "patient_id": (family.add(patient_id=unknown), "birth date"),
    }
    for field, (call, hint) in refused.items():
        error = await refusal(call)
        assert (error.reason, list(error.violations)) == ("INVALID_REQUEST", [field])
        assert hint in error.message
    assert list((await refusal(family.add(patient_id=adult, relation=CARER))).violations) == ["end_date"]
    carer = await family.add(patient_id=adult, relation=CARER, end_date="2027-01-01")
    assert (day_of(carer), carer.sees_records) == ("2027-01-02 00:00", True)


async def test_only_accounts_of_other_patients_act(family: Family) -> None:
    staff_account = await family.scene.book.account("staff", clinic_ids=[family.scene.clinic_id])
    both = await family.scene.book.account("doctor", doctor_id=family.scene.doctor_id)
    await family.scene.book.run(
        "UPDATE accounts SET roles = '{patient,doctor}', patient_id = %s WHERE id = %s", family.scene.other_id, both
    )
    emails = [
        email
        for [email] in await family.scene.book.rows(
            "SELECT email FROM accounts WHERE id = ANY(%s::uuid[])", [staff_account, both]
        )
    ]
    for email in (*emails, "nobody@example.org"):
        error = await refusal(family.add(email=email))
        assert (error.code, error.reason) == (grpc.StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")
    own = await refusal(family.add(patient_id=family.scene.patient_id, relation=CARER, end_date="2027-01-01"))
    assert list(own.violations) == ["email"]
    await update(family.scene, Patient(deceased=True), "deceased")
    assert (await refusal(family.add())).reason == "ACCOUNT_NOT_FOUND"
    await update(family.scene, Patient(deceased=False), "deceased")
    await family.scene.book.run("UPDATE accounts SET disabled_at = now() WHERE id = %s", family.account_id)
    assert (await refusal(family.add())).reason == "ACCOUNT_NOT_FOUND"


async def test_nobody_acts_for_a_patient_who_is_not_in_use(family: Family) -> None:
    await update(family.scene, Patient(inactive=True), "inactive", patient_id=family.child_id)
    assert (await refusal(family.add())).reason == "PATIENT_INACTIVE"


async def test_the_same_account_acts_once_and_again_after_the_end(family: Family, clock: Clock) -> None:
    first = await family.add(end_date="2026-03-02")
    refused = await refusal(family.add())
    assert (refused.reason, refused.metadata) == ("REPRESENTATIVE_EXISTS", {"representative_id": first.id})
    clock.advance(timedelta(days=1))
    staff = await family.scene.worker.client("staff", clinic_ids=[family.scene.clinic_id])
    second = await family.add(staff)
    await family.end(second.id, staff)
    clock.advance(timedelta(seconds=1))
    third = await family.add(staff, relation=GUARDIAN)
    assert [each.id for each in await family.list(staff)] == [third.id]
    assert [each.active for each in await family.list(staff, include_ended=True)] == [True, False, False]


async def test_ten_act_for_a_patient_and_an_account_for_ten_also_if_asked_at_once(family: Family) -> None:
    book = family.scene.book
    accounts = [await book.account("patient", patient_id=await book.patient(f"Aunt {each}")) for each in range(12)]
    emails = await book.rows("SELECT email FROM accounts WHERE id = ANY(%s::uuid[])", accounts)
    calls = [family.add(email=email, relation=CARER) for [email] in emails]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert [each.reason for each in refused] == ["TOO_MANY_REPRESENTATIVES"] * 2
    assert len(await family.list()) == 10
    # Whether anybody has this email is not told without an entry that its owner hears of.
    assert (await refusal(family.add(email="nobody@example.org"))).reason == "TOO_MANY_REPRESENTATIVES"
    for number in range(10):
        await family.add(patient_id=await family.patient(f"Child {number}", BORN))
    eleventh = await family.patient("Child", BORN)
    assert (await refusal(family.add(patient_id=eleventh))).metadata == {"most": "10"}


async def test_only_staff_of_the_patients_clinic_and_admins_add(family: Family) -> None:
    callers = await everyone(family.scene)
    for name in ("patient", "other patient", "doctor", "display", "system"):
        assert (await refusal(family.add(callers[name]))).reason == "NOT_ALLOWED", name
    elsewhere = await family.scene.book.clinic()
    stranger = await family.scene.worker.client("staff", clinic_ids=[elsewhere])
    await family.scene.book_slot("09:00", family.scene.staff, patient_id=family.child_id)
    assert (await refusal(family.add(stranger))).reason == "NOT_ALLOWED"
    assert (await refusal(family.add(stranger, clinic_id=elsewhere))).reason == "NOT_ALLOWED"
    assert (await refusal(family.add(family.parent))).reason == "NOT_ALLOWED"
    assert (await family.add(callers["admin"], clinic_id=elsewhere)).clinic.id == elsewhere


async def test_the_patient_sees_who_acts_without_the_note_and_ends_it(family: Family) -> None:
    added = await family.add()
    child = await family.scene.worker.client("patient", patient_id=family.child_id)
    [shown] = await family.list(child)
    assert (shown.id, shown.name, shown.note) == (added.id, "Sato Ken", "")
    for stranger in (family.scene.other, await family.signed_in()):
        assert (await refusal(family.list(stranger))).reason == "NOT_ALLOWED"
    ended = await family.end(added.id, child)
    assert (ended.active, ended.note) == (False, "")
    assert list(await family.list()) == []


async def test_who_acts_ends_it_and_others_learn_nothing_of_it(family: Family) -> None:
    added = await family.add()
    for asked in (added.id, str(uuid.uuid4())):
        error = await refusal(family.end(asked, family.scene.other))
        assert (error.code, error.reason) == (grpc.StatusCode.NOT_FOUND, "REPRESENTATIVE_NOT_FOUND")
    elsewhere = await family.scene.worker.client("staff", clinic_ids=[await family.scene.book.clinic()])
    assert (await refusal(family.end(added.id, elsewhere))).reason == "NOT_ALLOWED"
    ended = await family.end(added.id, await family.signed_in())
    again = await family.end(added.id)
    assert (ended.active, again.active, again.end_time) == (False, False, ended.end_time)


async def test_no_change_of_the_address_outlasts_the_end_that_comes_meanwhile(family: Family) -> None:
    added = await family.add()
    whose: dict[str, Any] = {"caller": await family.signed_in(), "patient_id": family.child_id}
    changes = [update(family.scene, Patient(email=f"{each}@example.org"), **whose) for each in range(4)]
    answers = await asyncio.gather(*changes[:2], family.end(added.id), *changes[2:], return_exceptions=True)
    refused = {each.reason for each in answers if isinstance(each, Refusal)}
    assert refused <= {"PATIENT_NOT_FOUND", "TOKEN_EXPIRED"}
    assert (await get(family.scene.staff, family.child_id)).pending_email == ""


async def test_the_patient_and_who_acts_are_told_and_the_log_names_both(family: Family) -> None:
    await update(family.scene, Patient(email="mei@example.org"), "email", patient_id=family.child_id)
    added = await family.add()
    await family.end(added.id, await family.signed_in())
    rows = await family.scene.book.rows(
        "SELECT kind, patient_id IS NOT NULL FROM notifications WHERE kind LIKE 'representative%%' ORDER BY id"
    )
    assert sorted(rows) == [
        ("representative_added", False),
        ("representative_added", True),
        ("representative_ended", False),
        ("representative_ended", True),
    ]
    events = await family.scene.book.rows(
        "SELECT kind FROM security_events WHERE account_id = %s ORDER BY kind", family.account_id
    )
    assert events == [("representative_added",), ("representative_ended",)]
    request = records.ListRecordAccessRequest(patient_id=family.child_id)
    for reader, reason in (
        (family.admin, f"account {family.account_id}, {NOTE}"),
        (await family.scene.worker.client("patient", patient_id=family.child_id), ""),
    ):
        ended, begun = (await reader(reader.records.ListRecordAccess, request)).accesses
        assert (begun.kind, begun.basis) == (
            Kind.RECORD_ACCESS_KIND_REPRESENTATIVE_ADDED,
            Basis.RECORD_ACCESS_BASIS_REASON,
        )
        assert (begun.relation, begun.reason) == (PARENT, reason)
        assert (ended.kind, ended.basis, ended.relation, ended.account_id) == (
            Kind.RECORD_ACCESS_KIND_REPRESENTATIVE_ENDED,
            Basis.RECORD_ACCESS_BASIS_REPRESENTATIVE,
            PARENT,
            family.account_id,
        )


async def test_a_patient_who_signs_in_is_told_there_whoever_reads_the_address_in_use(family: Family) -> None:
    child = await family.scene.book.account("patient", patient_id=family.child_id)
    [[email]] = await family.scene.book.rows("SELECT email FROM accounts WHERE id = %s", child)
    await family.scene.book.run("UPDATE accounts SET password_hash = 'any' WHERE id = %s", child)
    await update(
        family.scene, Patient(email="ken@example.org"), "email", patient_id=family.child_id, caller=family.admin
    )
    added = await family.add(family.admin)
    parent = await family.signed_in()
    await update(family.scene, Patient(email="ken2@example.org"), "email", patient_id=family.child_id, caller=parent)
    await family.end(added.id)
    told = await family.scene.book.rows("SELECT kind FROM notifications WHERE recipient = %s ORDER BY kind", email)
    assert told == [("contact_changed",), ("representative_added",), ("representative_ended",)]


async def test_an_email_is_found_however_it_is_written(family: Family) -> None:
    mailbox, _, domain = family.email.partition("@")
    wide = "".join(chr(ord(each) + 0xFEE0) for each in domain)  # as a Japanese keyboard writes it
    assert (await family.add(email=f" {mailbox.upper()}\uff20{wide} ")).account_id == family.account_id


async def test_a_repeated_request_gets_the_first_answer(family: Family) -> None:
    request_id = str(uuid.uuid4())
    first = await family.add(request_id=request_id)
    assert await family.add(request_id=request_id) == first
    assert (await refusal(family.add(family.admin, request_id=request_id))).reason == "REPRESENTATIVE_EXISTS"


async def test_admins_set_the_ages_and_everybody_reads_what_they_mean(family: Family) -> None:
    admin, clinic_id = family.admin, family.scene.clinic_id
    policy = RepresentativePolicy(until_age=15, see_records_until_age=10)
    request = pb.UpdateClinicRequest(clinic_id=clinic_id, clinic=Clinic(representative_policy=policy))
    request.update_mask.paths.append("representative_policy")
    changed = await admin(admin.directory.UpdateClinic, request)
    assert changed.clinic.representative_policy == policy
    assert any("15 instead of 18" in sentence for sentence in changed.consequences)
    added = await family.add()
    assert (day_of(added), added.sees_records) == ("2029-05-04 00:00", False)
    asked = pb.ListPoliciesRequest(clinic_id=clinic_id)
    found = (await family.parent(family.parent.directory.ListPolicies, asked)).policies
    assert [each.number for each in found if each.name.startswith("representative_policy.")] == [15, 10]
