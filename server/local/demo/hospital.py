"""The large demo: a hospital group of six clinics in three countries, with years of appointments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from db.postgres import bulk, imports
from db.postgres.booking import hours
from db.postgres.booking.hours import SessionRow
from db.postgres.bulk import PatientCopy
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.directory import clinics, doctors, practitioners
from db.postgres.directory.clinics import ClinicRow
from db.postgres.identity import accounts
from db.postgres.identity.accounts import AccountRow
from server.domain.ids import IdMaker, uuid7_maker
from server.local.demo import accounts as demo_accounts
from server.local.demo import staff
from server.local.demo.diary import Diary
from server.local.demo.plan import HospitalPlan
from server.local.demo.staff import DemoClinic, Post

_OLDEST_DAYS = 95 * 365


class OtherPlan(Exception):
    """The hospital of this seed exists, but was made with another plan."""


async def load(
    engine: Engine, plan: HospitalPlan, advance: Callable[[int], None], *, any_plan: bool = False
) -> tuple[dict[str, Any], bool]:
    """Make the hospital of a seed in one transaction unless it exists; returns its accounts, and whether it is new.

    `advance` gets how many more appointments were loaded. Raises OtherPlan if it is there by another plan and not
    `any_plan`, and the errors of db.errors.
    """
    domain = f"hospital-{plan.seed}.yoyaku.example"
    names = ["patient", "second_patient", *_doctors(plan), "staff", "admin", "system", "display"]
    async with bulk.loading(engine) as pg:
        found = await demo_accounts.find(pg, names, domain)
        if new := found is None:
            await _make(pg, plan, domain, advance)
            found = await demo_accounts.find(pg, names, domain)
        elif not any_plan and not await imports.named(pg, "clinic", [_mark(plan)]):
            raise OtherPlan
        return await demo_accounts.summary(pg, found or {}), new


async def _make(pg: Connection, plan: HospitalPlan, domain: str, advance: Callable[[int], None]) -> None:
    random = Random(plan.seed)  # noqa: S311  # the same rows every time; nothing secret
    new_id = _ids(plan, random)
    places = staff.clinics(plan, new_id)
    posts = list(staff.posts(plan, places, new_id, random))
    await _add_clinics(pg, plan, places)
    await _add_doctors(pg, plan, posts)
    patients = await _add_patients(pg, plan, places, domain, new_id, random)
    rows = _accounts(plan, places, posts, next(iter(patients.values())), domain, new_id)
    for account in rows.values():
        await accounts.put_account(pg, account, plan.founded_at)
    for week in Diary(plan, posts, patients, [rows["staff"].id, rows["system"].id], random).weeks():
        await bulk.add_appointments(pg, week.appointments)
        await bulk.add_events(pg, week.events)
        await bulk.add_days(pg, week.days)
        advance(len(week.appointments))
    await bulk.analyze(pg)


def _ids(plan: HospitalPlan, random: Random) -> IdMaker:
    # A millisecond apart, so that they sort in the order in which they were made.
    moments = (plan.founded_at + timedelta(milliseconds=number) for number in count())
    return uuid7_maker(lambda: next(moments), random.randbytes)


def _mark(plan: HospitalPlan) -> tuple[str, str]:
    """The name of the first clinic, which records the plan that it was made with."""
    return "urn:yoyaku:demo:hospital", " ".join(f"{name}={value}" for name, value in asdict(plan).items())


async def _add_clinics(pg: Connection, plan: HospitalPlan, places: Sequence[DemoClinic]) -> None:
    for clinic in places:
        row = ClinicRow(clinic.id, clinic.name, clinic.zone, **asdict(clinic.policy), public_browsing=True)
        await clinics.add(pg, row, plan.founded_at)
    await imports.add_identifiers(pg, "clinic", [(_mark(plan), places[0].id)])


async def _add_doctors(pg: Connection, plan: HospitalPlan, posts: Sequence[Post]) -> None:
    for practitioner_id, name in {post.doctor.practitioner_id: post.name for post in posts}.items():
        await practitioners.add(pg, practitioner_id, name, plan.founded_at)
    for post in posts:
        doctor = post.doctor
        await doctors.add(
            pg,
            doctor.id,
            practitioner_id=doctor.practitioner_id,
            clinic_id=doctor.clinic_id,
            specialty=post.specialty,
            now=plan.founded_at,
        )
        for version in doctor.hours:
            rows = [
                SessionRow(version.valid_from, each.weekday, each.start, each.end, each.slot_minutes, each.capacity)
                for each in version.sessions
            ]
            await hours.put(pg, doctor.id, version.valid_from, rows)


async def _add_patients(
    pg: Connection, plan: HospitalPlan, places: Sequence[DemoClinic], domain: str, new_id: IdMaker, random: Random
) -> Mapping[str, Sequence[str]]:
    """Add the patients, alternating between the countries; returns their ids by time zone."""
    countries = {clinic.zone: clinic.country for clinic in places}
    ids: dict[str, list[str]] = {zone: [] for zone in countries}
    rows = []
    for number in range(plan.patients):
        zone = list(countries)[number % len(countries)]
        birth_date = plan.until - timedelta(days=random.randrange(1, _OLDEST_DAYS))
        rows.append(
            PatientCopy(
                id=new_id(),
                name=countries[zone].name(random),
                birth_date=min(birth_date, plan.founded_at.date()),
                phone=countries[zone].number(random),
                email=f"patient-{number + 1}@{domain}",
                version=1,
                created_at=plan.founded_at,
                updated_at=plan.founded_at,
            )
        )
        ids[zone].append(rows[-1].id)
    await bulk.add_patients(pg, rows)
    system = f"urn:yoyaku:demo:hospital-{plan.seed}"
    await bulk.name_patients(pg, ((system, f"P{number:07}", row.id) for number, row in enumerate(rows, 1)))
    return ids


def _doctors(plan: HospitalPlan) -> list[str]:
    """One doctor's account for each clinic that has a doctor."""
    return ["doctor", *(f"doctor_{number}" for number in range(2, min(plan.doctors, staff.CLINICS) + 1))]


def _accounts(
    plan: HospitalPlan,
    places: Sequence[DemoClinic],
    posts: Sequence[Post],
    patients: Sequence[str],
    domain: str,
    new_id: IdMaker,
) -> dict[str, AccountRow]:
    clinic_ids = [clinic.id for clinic in places]

    def row(name: str, role: str, account_id: str = "", clinics: Sequence[str] = (), **owned: Any) -> AccountRow:
        return AccountRow(account_id or new_id(), demo_accounts.email(name, domain), [role], clinics, **owned)

    # As in the small demo, patients and doctors have the ids of their accounts, and staff work for all clinics.
    rows = {
        name: row(name, "patient", patient_id, patient_id=patient_id)
        for name, patient_id in zip(("patient", "second_patient"), patients, strict=False)
    }
    for name, post in zip(_doctors(plan), posts, strict=False):
        rows[name] = row(name, "doctor", post.doctor.id, [post.doctor.clinic_id], doctor_id=post.doctor.id)
    rows |= {name: row(name, name, all_clinics=True) for name in ("staff", "system")}
    return rows | {name: row(name, name, clinics=clinic_ids) for name in ("admin", "display")}
