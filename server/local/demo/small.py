"""The demo: a small clinic in each of Tokyo, New York and London, patients, and an account of each role."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from db.postgres.booking import appointment_types, hours, resources
from db.postgres.booking.appointment_types import AppointmentTypeRow
from db.postgres.booking.hours import SessionRow
from db.postgres.booking.resources import ResourceRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import clinics, doctors, patients, practitioners
from db.postgres.directory.clinics import ClinicRow
from db.postgres.directory.patients import PatientRow
from db.postgres.identity import accounts
from db.postgres.identity.accounts import AccountRow
from server.local.demo import accounts as demo_accounts

_HOURS_FROM = date(2020, 1, 1)
_DOMAIN = "demo.yoyaku.example"


@dataclass(frozen=True, slots=True)
class _SmallClinic:
    name: str
    time_zone: str
    doctors: tuple[tuple[str, str], ...]
    """(name, specialty) of each."""
    address: str
    phone: str


_CLINICS = (
    _SmallClinic(
        "Kaede Clinic",
        "Asia/Tokyo",
        (("Mori Hana", "General practice"), ("Abe Daichi", "Cardiology")),
        "9-9-9 Kaede, Chiyoda-ku, Tokyo 100-0000",
        "+81312340000",
    ),
    _SmallClinic(
        "Elm Street Clinic",
        "America/New_York",
        (("Grace Lin", "General practice"), ("Omar Reyes", "Pediatrics")),
        "1 Elm Street, New York, NY 10000",
        "+12125550100",
    ),
    _SmallClinic(
        "Thames Clinic",
        "Europe/London",
        (("Asha Patel", "General practice"), ("Tom Reed", "Dermatology")),
        "1 Thames Walk, London SE1 0AA",
        "+442079460100",
    ),
)
_TYPES = (
    AppointmentTypeRow("", "", "First visit", "初診", 60, 0, staff_only=False, audience="new", active=True),
    AppointmentTypeRow("", "", "Check-up", "健康診断", 30, 15, staff_only=False, audience="all", active=True),
    AppointmentTypeRow(
        "",
        "",
        "Minor surgery",
        "小手術",
        90,
        30,
        staff_only=True,
        audience="all",
        active=True,
        resource_kinds=["surgery"],
    ),
)
_PATIENTS = (
    PatientRow("", "Sato Ken", date(1984, 4, 2), "+81312345678", f"patient@{_DOMAIN}", "en"),
    PatientRow("", "Ito Yui", date(1991, 11, 23), "+81387654321", f"second_patient@{_DOMAIN}", "ja"),
)
_SESSIONS = ((time(9), time(12, 30)), (time(14), time(18)))
_SLOT_MINUTES = 30
_ACCOUNTS = ("patient", "second_patient", "doctor", "staff", "admin", "system", "display")


async def load(engine: Engine, now: datetime, new_id: Callable[[], str]) -> dict[str, Any]:
    """Make the demo unless it exists; returns its accounts by name, and the ids of its clinics and doctors."""

    async def work(pg: Connection) -> dict[str, Any]:
        found = await demo_accounts.find(pg, _ACCOUNTS, _DOMAIN)
        if found is None:
            await _make(pg, now, new_id)
            found = await demo_accounts.find(pg, _ACCOUNTS, _DOMAIN) or {}
        return await demo_accounts.summary(pg, found)

    return await transact(engine, work)


async def _make(pg: Connection, now: datetime, new_id: Callable[[], str]) -> None:
    clinic_ids, doctor_ids = [], []
    for clinic in _CLINICS:
        clinic_ids.append(new_id())
        row = ClinicRow(
            id=clinic_ids[-1],
            name=clinic.name,
            time_zone=clinic.time_zone,
            horizon_days=90,
            min_notice_minutes=30,
            cancel_by_minutes=60,
            max_per_patient_day=3,
            buffer_minutes=0,
            max_open_appointments=50,
            public_browsing=True,
            address=clinic.address,
            phone=clinic.phone,
        )
        await clinics.add(pg, row, now)
        await resources.add(pg, ResourceRow(new_id(), row.id, "surgery", "Room 1", active=True), now)
        for each in _TYPES:
            await appointment_types.add(pg, each._replace(id=new_id(), clinic_id=row.id), now)
        doctor_ids += [await _make_doctor(pg, clinic_ids[-1], *each, now, new_id) for each in clinic.doctors]
    patient_ids = [await _make_patient(pg, patient._replace(id=new_id()), now) for patient in _PATIENTS]
    rows = [
        # The accounts of patients and of the doctor have the same ids as the patients and the doctor themselves.
        AccountRow(patient_ids[0], _email("patient"), ["patient"], [], patient_ids[0]),
        AccountRow(patient_ids[1], _email("second_patient"), ["patient"], [], patient_ids[1]),
        AccountRow(doctor_ids[0], _email("doctor"), ["doctor"], clinic_ids[:1], None, doctor_ids[0]),
        # Staff and the system account also work for clinics that an import will add.
        AccountRow(new_id(), _email("staff"), ["staff"], [], all_clinics=True),
        AccountRow(new_id(), _email("system"), ["system"], [], all_clinics=True),
        AccountRow(new_id(), _email("admin"), ["admin"], clinic_ids),
        AccountRow(new_id(), _email("display"), ["display"], clinic_ids),
    ]
    for account in rows:
        await accounts.put_account(pg, account, now)


async def _make_doctor(
    pg: Connection, clinic_id: str, name: str, specialty: str, now: datetime, new_id: Callable[[], str]
) -> str:
    doctor_id, practitioner_id = new_id(), new_id()
    await practitioners.add(pg, practitioner_id, name, now)
    await doctors.add(pg, doctor_id, practitioner_id=practitioner_id, clinic_id=clinic_id, specialty=specialty, now=now)
    week = [
        SessionRow(_HOURS_FROM, weekday, start, end, _SLOT_MINUTES, 1)
        for weekday in range(1, 8)
        for start, end in _SESSIONS
    ]
    await hours.put(pg, doctor_id, _HOURS_FROM, week)
    return doctor_id


async def _make_patient(pg: Connection, patient: PatientRow, now: datetime) -> str:
    await patients.add(pg, patient, [("urn:yoyaku:demo", patient.email.partition("@")[0])], now)
    return patient.id


def _email(name: str) -> str:
    return demo_accounts.email(name, _DOMAIN)
