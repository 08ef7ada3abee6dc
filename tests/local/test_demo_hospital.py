"""The large demo with small numbers: the same generator on a real database, by the rules that bookings keep."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pytest

from db.postgres.booking import days
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import read, transact
from server.domain.booking.doctor import Doctor
from server.domain.booking.slots import Slot
from server.local.demo import hospital, small
from server.local.demo.plan import HospitalPlan
from server.usecases.schedules.doctor_mapping import doctor_of
from tests.fixtures.book import NOW, Book

PLAN = HospitalPlan(until=NOW.date(), seed=3, doctors=12, patients=150, days=40, per_day=24, horizon_days=15)
CONTENT = {
    table: f"SELECT * FROM {table} ORDER BY {key}"  # noqa: S608  # constants
    for table, key in {
        "clinics": "id",
        "clinic_identifiers": "value",
        "practitioners": "id",
        "doctors": "id",
        "working_sessions": "doctor_id, weekday, start_local",
        "patients": "id",
        "patient_identifiers": "value",
        "accounts": "id",
        "appointments": "id",
        "schedule_days": "doctor_id, date",
    }.items()
} | {
    "appointment_events": "SELECT appointment_id, happened_at, actor, event, note FROM appointment_events"
    " ORDER BY appointment_id, happened_at"
}
EVERYTHING = "clinics, practitioners, doctors, patients, accounts"


class StoredAppointment(NamedTuple):
    """An appointment as it is stored."""

    doctor_id: str
    patient_id: str
    date: date
    start_at: datetime
    end_at: datetime
    busy_until: datetime
    seat: int
    status: str
    created_at: datetime
    updated_at: datetime


async def load(engine: Engine, plan: HospitalPlan = PLAN) -> bool:
    _, new = await hospital.load(engine, plan, lambda _: None)
    return new


async def content(book: Book) -> dict[str, list[tuple[object, ...]]]:
    return {table: await book.rows(query) for table, query in CONTENT.items()}


async def visits(book: Book) -> list[StoredAppointment]:
    fields = ", ".join(StoredAppointment._fields).replace("busy_until", "upper(during)")
    rows = await book.rows(f"SELECT {fields} FROM appointments")  # noqa: S608  # constants
    return [StoredAppointment(*row) for row in rows]  # type: ignore[arg-type]


async def doctors(engine: Engine, found: list[StoredAppointment]) -> dict[str, Doctor]:
    async def work(pg: Connection) -> dict[str, Doctor]:
        rows = {}
        for doctor_id in {visit.doctor_id for visit in found}:
            row = await (await days.offer(pg, doctor_id, PLAN.until, PLAN.until)).fetchone()
            assert row
            rows[doctor_id] = doctor_of(row)
        return rows

    return await read(engine, work)


@pytest.fixture
async def loaded(engine: Engine) -> Engine:
    assert await load(engine)
    return engine


async def empty(book: Book) -> None:
    async def work(pg: Connection) -> None:
        await pg.execute("SET LOCAL session_replication_role = replica")  # tables that only grow refuse it otherwise
        await pg.execute(f"TRUNCATE {EVERYTHING} CASCADE")

    await transact(book.engine, work)


async def test_the_same_seed_makes_the_same_rows_and_another_seed_others(loaded: Engine, book: Book) -> None:
    first = await content(book)
    await empty(book)
    await load(loaded)
    assert await content(book) == first
    await empty(book)
    await load(loaded, replace(PLAN, seed=4))
    other = await content(book)
    assert len(other["appointments"]) == len(first["appointments"]) == PLAN.appointments
    assert not {row[0] for row in other["appointments"]} & {row[0] for row in first["appointments"]}


async def test_a_second_run_changes_nothing(loaded: Engine, book: Book) -> None:
    first = await content(book)
    assert not await load(loaded)
    tomorrow = replace(PLAN, until=PLAN.until + timedelta(days=1))
    with pytest.raises(hospital.OtherPlan):
        await load(loaded, tomorrow)
    _, new = await hospital.load(loaded, tomorrow, lambda _: None, any_plan=True)
    assert not new
    assert await content(book) == first


async def test_hospitals_and_the_small_demo_lie_side_by_side(loaded: Engine, book: Book) -> None:
    made = await small.load(loaded, NOW, book._id)  # noqa: SLF001  # a new id
    assert await load(loaded, replace(PLAN, seed=4))
    again, new = await hospital.load(loaded, PLAN, lambda _: None)
    assert not new
    assert not set(made["doctors"]) & set(again["doctors"])
    assert await book.rows("SELECT count(*) FROM clinics") == [(15,)]


async def test_every_visit_is_in_a_slot_of_its_doctor_and_alone_in_its_seat(loaded: Engine, book: Book) -> None:
    found = await visits(book)
    known = await doctors(loaded, found)
    kept: Counter[tuple[str, datetime, int]] = Counter()
    for visit in found:
        slots = {slot.start_at: slot for slot in known[visit.doctor_id].slots_on(visit.date)}
        slot: Slot = slots[visit.start_at]
        assert (visit.end_at, visit.busy_until) == (slot.end_at, slot.occupied.end_at)
        assert 1 <= visit.seat <= slot.seats
        kept[visit.doctor_id, visit.start_at, visit.seat] += visit.status != "cancelled"
    assert max(kept.values()) == 1
    assert max(Counter((visit.patient_id, visit.date) for visit in found).values()) == 1
    shared = Counter(doctor.practitioner_id for doctor in known.values())
    assert max(shared.values()) == 2


async def test_every_booking_keeps_the_policy_of_its_clinic(loaded: Engine, book: Book) -> None:
    found = await visits(book)
    known = await doctors(loaded, found)
    for visit in found:
        doctor = known[visit.doctor_id]
        assert visit.created_at + doctor.policy.notice <= visit.start_at
        assert visit.date <= doctor.policy.last_day(doctor.zone, visit.created_at)
        assert visit.created_at <= visit.updated_at <= PLAN.now
        if visit.status == "cancelled":
            assert visit.updated_at <= visit.start_at - timedelta(minutes=doctor.policy.cancel_by_minutes)
        else:
            past = visit.start_at < PLAN.now
            assert visit.status in ({"completed", "no_show"} if past else {"scheduled"})
    assert {visit.status for visit in found} == {"completed", "no_show", "cancelled", "scheduled"}


async def test_history_and_revisions_tell_what_happened(loaded: Engine, book: Book) -> None:
    assert await book.rows(
        "SELECT count(*) FROM appointments a WHERE ARRAY(SELECT event FROM appointment_events e"
        " WHERE e.appointment_id = a.id ORDER BY happened_at) <>"
        " CASE a.status WHEN 'cancelled' THEN ARRAY['booked', 'cancelled'] ELSE ARRAY['booked'] END"
    ) == [(0,)]
    counted = await book.rows(
        "SELECT doctor_id, date, count(*), max(happened_at) FROM appointments a"
        " JOIN appointment_events e ON e.appointment_id = a.id GROUP BY doctor_id, date ORDER BY doctor_id, date"
    )
    assert counted == await book.rows("SELECT * FROM schedule_days ORDER BY doctor_id, date")
    assert await book.rows(
        "SELECT DISTINCT roles FROM appointment_events JOIN accounts ON accounts.id::text = actor ORDER BY roles"
    ) == [(["staff"],), (["system"],)]


async def test_mornings_are_busy_and_one_doctor_is_nearly_booked_up(loaded: Engine, book: Book) -> None:
    found = [visit for visit in await visits(book) if visit.status != "cancelled"]
    known = await doctors(loaded, found)
    fullest = max(
        taken / sum(slot.seats for slot in known[doctor_id].slots_on(day))
        for (doctor_id, day), taken in Counter((visit.doctor_id, visit.date) for visit in found).items()
    )
    assert fullest >= 0.8
    mornings = [visit for visit in found if visit.start_at.astimezone(known[visit.doctor_id].zone).hour < 12]
    assert len(mornings) > len(found) / 2


def test_a_hospital_has_219000_appointments_on_the_weekdays_of_three_years() -> None:
    plan = HospitalPlan(until=date(2026, 3, 2))
    targets = dict(plan.targets())
    assert sum(targets.values()) == 219_000
    assert {day.isoweekday() for day in targets} == {1, 2, 3, 4, 5}
    assert max(targets) < plan.until + timedelta(days=90)
    assert (max(targets) - min(targets)).days > 3 * 365 - 5
