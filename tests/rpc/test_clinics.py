"""Clinics: added, changed with the consequences shown first, and their rules in words."""

from datetime import date
from typing import Any

import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.feed import event_of, following
from tests.fixtures.worker import Client, Refusal
from tests.rpc.test_directory import clinics
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.clinic_pb2 import BookingPolicy, Clinic, RepresentativePolicy

DAY = "2026-03-03"


@pytest.fixture
async def admin(scene: Scene) -> Client:
    """Who sets up clinics."""
    return await scene.worker.client("admin")


async def create(admin: Client, **fields: Any) -> Clinic:
    request = pb.CreateClinicRequest(**({"name": "Sakura Clinic", "time_zone": "Asia/Tokyo"} | fields))
    return (await admin(admin.directory.CreateClinic, request)).clinic  # type: ignore[no-any-return]


async def update(admin: Client, clinic_id: str, *mask: str, only: bool = False, **fields: Any) -> Any:
    request = pb.UpdateClinicRequest(clinic_id=clinic_id, clinic=Clinic(**fields), validate_only=only)
    request.update_mask.paths.extend(mask)
    return await admin(admin.directory.UpdateClinic, request)


async def starts(scene: Scene, day: str = DAY) -> list[str]:
    request = schedules.ListAvailableSlotsRequest(doctor_id=scene.doctor_id, date=day)
    found = await scene.patient(scene.patient.schedules.ListAvailableSlots, request)
    return [slot.start_time.ToDatetime().strftime("%H:%M") for slot in found.slots]


async def test_a_new_clinic_has_the_usual_rules_and_is_listed(scene: Scene, admin: Client) -> None:
    made = await create(
        admin, name="  Sakura Clinic ", phone="+81 3 1234 5678", address="1-2-3\u3000Ginza", languages=["ja", "en"]
    )
    assert (made.name, made.phone, made.address, list(made.languages)) == (
        "Sakura Clinic", "+81312345678", "1-2-3 Ginza", ["ja", "en"],
    )  # fmt: skip
    assert (made.policy.horizon_days, made.policy.max_per_patient_day) == (90, 3)
    assert made in (await clinics(scene.patient)).clinics
    request = pb.GetClinicRequest(clinic_id=made.id)
    assert (await scene.patient(scene.patient.directory.GetClinic, request)).clinic == made


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_zone": "Asia/Atlantis"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"name": ""}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"phone": "call us"}, "phone"),
        ({"languages": ["xx"]}, "languages[0]"),
        ({"policy": BookingPolicy(max_per_patient_day=1)}, "policy"),
        ({"holidays": ["2026-02-30"]}, "holidays"),
        ({"holidays": ["4 May"]}, "holidays[0]"),
        ({"holidays": [f"{year}-01-01" for year in range(2000, 2367)]}, "holidays"),
    ],
)
async def test_a_clinic_needs_a_name_a_time_zone_and_rules_within_bounds(
    admin: Client, fields: dict[str, Any], field: str
) -> None:
    refused = await refusal(create(admin, **fields))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", [field])


async def test_an_update_changes_only_what_it_names(scene: Scene, admin: Client) -> None:
    before = await create(admin)
    changed = (
        await update(admin, before.id, "policy.cancel_by_minutes", "phone", policy=BookingPolicy(cancel_by_minutes=5))
    ).clinic
    assert (changed.policy.cancel_by_minutes, changed.policy.horizon_days, changed.name) == (5, 90, before.name)
    stale = await refusal(update(admin, before.id, name="Other", etag=before.etag))
    assert stale.reason == "ETAG_MISMATCH"
    missing = await refusal(update(admin, scene.patient_id, name="Other"))
    assert missing.reason == "CLINIC_NOT_FOUND"
    refused = await refusal(update(admin, before.id, "policy.buffer_minutes", policy=BookingPolicy(buffer_minutes=999)))
    assert list(refused.violations) == ["clinic.policy.buffer_minutes"]
    refused = await refusal(update(admin, before.id, "policy.horizon_days", policy=BookingPolicy(horizon_days=0)))
    assert list(refused.violations) == ["clinic.policy"]


async def test_another_time_zone_says_first_whom_it_affects_and_changes_nothing_until_then(
    scene: Scene, admin: Client
) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    seen = await update(admin, scene.clinic_id, only=True, time_zone="Asia/Kolkata")
    assert (seen.shifted_count, seen.shifted[0].appointment_id) == (1, booked.id)
    assert seen.shifted[0].local_time_before == f"{DAY} 09:00"
    assert seen.shifted[0].local_time_after == f"{DAY} 05:30"
    assert seen.consequences[1].startswith("1 appointment ahead gets another time of day")
    assert (await clinics(scene.patient)).clinics[0].time_zone == "Asia/Tokyo"
    assert (await starts(scene))[0] == "00:30"
    done = await update(admin, scene.clinic_id, time_zone="Asia/Kolkata", etag=seen.clinic.etag)
    assert done.shifted == seen.shifted
    assert (await starts(scene))[0] == "03:30"
    [kept] = (await scene.list()).appointments
    assert (kept.start_time, kept.time_slot) == (booked.start_time, "05:30")


async def test_appointments_are_listed_on_the_dates_of_the_new_time_zone(scene: Scene, admin: Client) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    await update(admin, scene.clinic_id, time_zone="America/New_York")
    [(day,)] = await scene.book.rows("SELECT date FROM appointments WHERE id = %s", booked.id)
    assert day == date(2026, 3, 2)


async def test_whoever_follows_a_clinic_lists_its_appointments_again_once_it_has_another_time_zone(
    scene: Scene, admin: Client
) -> None:
    booked = (await scene.book_slot("09:00")).appointment
    async with following(scene.staff, scene.clinic_id) as before:
        await before.message()
        await update(admin, scene.clinic_id, time_zone="Asia/Seoul")
        with pytest.raises(Refusal) as late:
            await before.change()
    [same] = (await scene.list()).appointments
    # Clocks in Seoul show what they show in Tokyo.
    assert (same.etag, same.time_slot) == (booked.etag, "09:00")
    await update(admin, scene.clinic_id, time_zone="Asia/Kolkata")
    [other] = (await scene.list()).appointments
    assert (other.etag != booked.etag, other.time_slot) == (True, "05:30")
    assert late.value.reason == "FEED_COMPACTED"
    async with following(scene.staff, scene.clinic_id, late.value.metadata["position"]) as again:
        with pytest.raises(Refusal) as later:
            await again.change()
    async with following(scene.staff, scene.clinic_id, later.value.metadata["position"]) as current:
        await scene.cancel(other)
        assert event_of(await current.change()) == "cancelled"


async def test_what_a_change_does_is_told_in_japanese_too(scene: Scene, admin: Client) -> None:
    policy = BookingPolicy(
        horizon_days=7, min_notice_minutes=5, cancel_by_minutes=6, max_per_patient_day=7, buffer_minutes=8
    )
    clinic = Clinic(policy=policy, time_zone="Europe/London", holidays=[DAY], public_browsing=True)
    clinic.representative_policy.until_age = 20
    told = {}
    for language in ("en", "ja"):
        request = pb.UpdateClinicRequest(
            clinic_id=scene.clinic_id, clinic=clinic, validate_only=True, language=language
        )
        paths = ("policy", "time_zone", "holidays", "public_browsing", "representative_policy.until_age")
        request.update_mask.paths.extend(paths)
        told[language] = (await admin(admin.directory.UpdateClinic, request)).consequences
    assert len(told["ja"]) == len(told["en"]) > 7
    assert {each[-1] for each in told["ja"]} == {"。"}
    assert {each[-1] for each in told["en"]} == {"."}


async def test_new_rules_show_in_the_slots_at_once(scene: Scene, admin: Client) -> None:
    assert await starts(scene)
    done = await update(
        admin, scene.clinic_id, "policy.min_notice_minutes", policy=BookingPolicy(min_notice_minutes=43_200)
    )
    assert done.consequences == ["Patients book until 43200 minutes before the start instead of 0."]
    assert not await starts(scene)
    assert (await update(admin, scene.clinic_id, "policy.min_notice_minutes", policy=BookingPolicy())).consequences
    assert await starts(scene)


async def test_a_limit_of_appointments_ahead_and_its_end_are_explained(scene: Scene, admin: Client) -> None:
    told = []
    for most in (10, 0):
        policy = BookingPolicy(max_open_appointments=most)
        told += (await update(admin, scene.clinic_id, "policy.max_open_appointments", policy=policy)).consequences
    assert told == [
        (
            "Patients with 10 appointments ahead at this clinic cannot book another one themselves; staff can."
            " Appointments that are booked stay."
        ),
        "Patients may have any number of appointments ahead at this clinic. Appointments that are booked stay.",
    ]


async def test_a_new_name_shows_in_the_doctors_profile(scene: Scene, admin: Client) -> None:
    request = pb.GetDoctorRequest(doctor_id=scene.doctor_id)
    assert (await scene.patient(scene.patient.directory.GetDoctor, request)).doctor.clinic.name != "Umi"
    await update(admin, scene.clinic_id, name="Umi")
    assert (await scene.patient(scene.patient.directory.GetDoctor, request)).doctor.clinic.name == "Umi"


async def test_rules_are_explained_in_the_clinics_language_or_another(scene: Scene, admin: Client) -> None:
    made = await create(admin, languages=["ja"])
    for language, words in (("", "90日先"), ("en", "90 days ahead")):
        request = pb.ListPoliciesRequest(clinic_id=made.id, language=language)
        found = (await scene.patient(scene.patient.directory.ListPolicies, request)).policies
        of_minors = [f"representative_policy.{field.name}" for field in RepresentativePolicy.DESCRIPTOR.fields]
        assert [each.name for each in found] == [
            *(field.name for field in BookingPolicy.DESCRIPTOR.fields),
            *of_minors,
        ]
        assert words in found[0].text
        assert found[0].number == 90


async def test_every_change_of_a_clinic_is_kept_with_who_made_it(scene: Scene, admin: Client) -> None:
    made = await create(admin)
    await update(admin, made.id, name="Umi")
    rows = await scene.book.rows(
        "SELECT clinic->>'name', actor FROM clinic_events WHERE clinic_id = %s ORDER BY clinic->>'version'", made.id
    )
    assert [name for name, _ in rows] == ["Sakura Clinic", "Umi"]
    assert len({actor for _, actor in rows}) == 1
