"""Reports about a clinic's days, against a recount of everything in Python."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from math import ceil
from random import Random
from typing import Any

import grpc
import pytest

from tests.fixtures.book import Book
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.months import Month, Ticket, Visit, month
from tests.fixtures.worker import Client, Worker
from yoyaku.v1 import report_service_pb2 as pb
from yoyaku.v1.report_pb2 import ReportGrouping, ReportKind

GROUPINGS = [each for each in ReportGrouping.DESCRIPTOR.values_by_name if not each.endswith("UNSPECIFIED")]
CAME = {"checked_in", "in_progress", "completed"}
# In one month clocks go forward, in the other back; both are in the night hours of the clinic.
MONTHS = [(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 10, 1), date(2026, 10, 31))]


def by_key(
    grouping: str, made: Month, seen: Iterable[tuple[date, str, str | None, datetime, Any]]
) -> dict[str, list[Any]]:
    """Things by what a report's rows stand for; each is given with its day, doctor, type and instant."""
    found: dict[str, list[Any]] = defaultdict(list)
    for day, doctor_id, type_id, instant, each in seen:
        keys = {
            "DAY": day.isoformat(),
            "DOCTOR": doctor_id,
            "APPOINTMENT_TYPE": type_id or "",
            "HOUR": f"{instant.astimezone(made.zone):%H}",
        }
        found[keys[grouping.removeprefix("REPORT_GROUPING_")]].append(each)
    return found


def visits(grouping: str, made: Month) -> dict[str, list[Visit]]:
    return by_key(grouping, made, ((v.date, v.doctor_id, v.type_id, v.start_at, v) for v in made.visits))


def tickets(grouping: str, made: Month) -> dict[str, list[Ticket]]:
    def of(ticket: Ticket) -> tuple[date, str, str | None, datetime, Ticket]:
        type_id = ticket.visit.type_id if ticket.visit else "walk_in"
        return ticket.date, ticket.doctor_id, type_id, due(ticket), ticket

    return by_key(grouping, made, (of(each) for each in made.tickets if each.status != "withdrawn"))


def due(ticket: Ticket) -> datetime:
    return max(ticket.visit.start_at, ticket.arrived_at) if ticket.visit else ticket.arrived_at


def recounted_use(offered: int, found: list[Visit]) -> dict[str, Any]:
    kept = [each for each in found if each.status in CAME | {"scheduled", "no_show"}]
    booked = sum(each.minutes for each in kept)
    return {
        "offered_minutes": offered,
        "booked_minutes": booked,
        "attended_minutes": sum(each.minutes for each in kept if each.status in CAME),
        "appointments": len(kept),
    } | ({"utilization": round(booked / offered, 4)} if offered else {})


def recounted_waits(found: list[Ticket]) -> dict[str, Any]:
    waited = sorted(
        max((each.first_called_at - due(each)).total_seconds(), 0) for each in found if each.first_called_at
    )

    def least(share: float) -> float:
        return waited[ceil(share * len(waited)) - 1] if waited else 0

    figures = {
        "mean_minutes": sum(waited) / len(waited) if waited else 0,
        "median_minutes": least(0.5),
        "p90_minutes": least(0.9),
        "longest_minutes": max(waited, default=0),
    }
    counts = {"called": len(waited), "not_called": len(found) - len(waited)}
    return counts | {name: pytest.approx(seconds / 60, abs=0.051) for name, seconds in figures.items()}


def recounted_no_shows(found: list[Visit]) -> dict[str, Any]:
    def count(holds: Callable[[Visit], bool]) -> int:
        return sum(map(holds, (each for each in found if each.status not in {"held", "expired"})))

    came, missed, late = count(lambda v: v.status in CAME), count(lambda v: v.status == "no_show"), timedelta(hours=24)
    return {
        "appointments": count(lambda _: True),
        "attended": came,
        "no_shows": missed,
        "unresolved": count(lambda v: v.status == "scheduled"),
        "cancelled": count(lambda v: v.status == "cancelled"),
        "late_cancellations": count(lambda v: v.cancelled_before is not None and v.cancelled_before < late),
        "late_moves": count(lambda v: v.moved_before is not None and v.moved_before < late),
    } | ({"no_show_rate": round(missed / (came + missed), 4)} if came + missed else {})


def figures(row: Any) -> dict[str, Any]:
    """What a row says beside its key and name."""
    shown = [each for each in row.DESCRIPTOR.fields if not each.has_presence or row.HasField(each.name)]
    return {each.name: getattr(row, each.name) for each in shown if each.name not in {"key", "name"}}


async def ask(made: Month, staff: Client, name: str, **fields: Any) -> Any:
    days = {"clinic_id": made.clinic_id, "from_date": f"{made.first}", "to_date": f"{made.last}"}
    return await staff(getattr(staff.reports, name), getattr(pb, f"{name}Request")(**days | fields))


@pytest.mark.parametrize("days", MONTHS)
async def test_every_figure_is_that_of_a_full_recount(worker: Worker, book: Book, days: tuple[date, date]) -> None:
    made = await month(book, Random(f"{days}"), "Europe/Berlin", *days)
    await month(book, Random(1), "Europe/Berlin", days[0], days[0] + timedelta(days=2))  # another clinic's
    staff = await worker.client("staff", clinic_ids=[made.clinic_id])
    offers = [(day, doctor, None, start, 30) for doctor in made.doctors for day, start in made.starts()]
    for grouping in GROUPINGS:
        use, waits, missed = [
            await ask(made, staff, name, group_by=grouping) for name in ("GetUtilization", "GetWaits", "GetNoShows")
        ]
        found, offered = visits(grouping, made), by_key(grouping, made, offers)
        if grouping == "REPORT_GROUPING_APPOINTMENT_TYPE":
            offered = {}
        shown = [key for key, each in found.items() if any(v.status in CAME | {"scheduled", "no_show"} for v in each)]
        assert {row.key: figures(row) for row in use.rows} == {
            key: recounted_use(sum(offered.get(key, ())), found.get(key, [])) for key in {*offered, *shown}
        }
        assert figures(use.total) == recounted_use(30 * len(offers), made.visits)
        waiting = tickets(grouping, made)
        assert {row.key: figures(row) for row in waits.rows} == {k: recounted_waits(v) for k, v in waiting.items()}
        assert figures(waits.total) == recounted_waits([each for some in waiting.values() for each in some])
        assert {row.key: figures(row) for row in missed.rows} == {k: recounted_no_shows(v) for k, v in found.items()}
        assert figures(missed.total) == recounted_no_shows(made.visits)


async def test_a_clinic_s_day_is_the_reports_of_that_day_by_doctor(worker: Worker, book: Book) -> None:
    day = date(2026, 3, 29)
    made = await month(book, Random(7), "Europe/Berlin", day, day)
    staff = await worker.client("staff", clinic_ids=[made.clinic_id])
    request = pb.GetClinicDayRequest(clinic_id=made.clinic_id, date=f"{day}")
    shown = await staff(staff.reports.GetClinicDay, request)
    use, waits, missed = [
        await ask(made, staff, name, group_by="REPORT_GROUPING_DOCTOR")
        for name in ("GetUtilization", "GetWaits", "GetNoShows")
    ]
    assert (shown.utilization, shown.waits, shown.no_shows) == (use.total, waits.total, missed.total)
    assert [each.utilization for each in shown.doctors] == list(use.rows)
    assert [each.waits for each in shown.doctors] == list(waits.rows)
    assert [each.no_shows for each in shown.doctors] == list(missed.rows)
    assert {each.doctor_id for each in shown.doctors} == {*made.doctors}
    counts = {each.status: each.appointments for each in shown.statuses}
    assert sum(counts.values()) == len(made.visits)
    assert (shown.date, shown.time_zone) == ("2026-03-29", "Europe/Berlin")


async def test_one_doctor_s_figures_alone_and_of_a_doctor_who_left_the_hours_until_then(
    worker: Worker, book: Book
) -> None:
    made = await month(book, Random(3), "Europe/Berlin", date(2026, 3, 9), date(2026, 3, 15))
    staff = await worker.client("staff", clinic_ids=[made.clinic_id])
    whose = {"doctor_id": made.doctors[0]}
    use = await ask(made, staff, "GetUtilization", **whose)
    offered = 30 * len(made.starts())
    assert figures(use.total) == recounted_use(offered, [v for v in made.visits if v.doctor_id == made.doctors[0]])
    missed = await ask(made, staff, "GetNoShows", **whose)
    assert figures(missed.total) == recounted_no_shows([v for v in made.visits if v.doctor_id == made.doctors[0]])
    waits = await ask(made, staff, "GetWaits", **whose)
    seen = [t for t in made.tickets if t.doctor_id == made.doctors[0] and t.status != "withdrawn"]
    assert figures(waits.total) == recounted_waits(seen)
    await book.run("UPDATE doctors SET active = false, updated_at = '2026-03-12T12:00Z' WHERE id = %s", made.doctors[0])
    left = await ask(made, staff, "GetUtilization", **whose)
    worked = [day for day, _ in made.starts() if day < date(2026, 3, 12)]
    assert left.total.offered_minutes == 30 * len(worked)
    refused = await refusal(ask(made, staff, "GetUtilization", doctor_id=made.clinic_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "DOCTOR_NOT_FOUND")


async def test_a_report_is_of_three_months_at_most(scene: Scene) -> None:
    admin = await scene.worker.client("admin")
    request = pb.GetUtilizationRequest(clinic_id=scene.clinic_id, from_date="2026-01-01", to_date="2026-04-02")
    assert len((await admin(admin.reports.GetUtilization, request)).rows) == 92
    for last in ("2026-04-03", "2025-12-31"):
        request.to_date = last
        refused = await refusal(admin(admin.reports.GetUtilization, request))
        assert refused.violations == {"to_date": "must be from_date or up to 91 days after it"}
    request.clinic_id = scene.doctor_id
    request.to_date = "2026-01-01"
    assert (await refusal(admin(admin.reports.GetUtilization, request))).reason == "CLINIC_NOT_FOUND"


async def exported(made: Month, staff: Client, report: "ReportKind.ValueType", grouping: str) -> tuple[str, Any]:
    file = await ask(made, staff, "ExportReport", report=report, group_by=grouping)
    assert file.content_type == "text/csv; charset=utf-8"
    return file.data.decode("utf-8"), list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))


async def test_an_export_says_what_the_report_says_and_no_cell_is_a_formula(worker: Worker, book: Book) -> None:
    made = await month(book, Random(5), "Europe/Berlin", date(2026, 3, 9), date(2026, 3, 11))
    staff = await worker.client("staff", clinic_ids=[made.clinic_id])
    evil = '=HYPERLINK("http://evil.example","Mori")'
    wide = "\N{FULLWIDTH EQUALS SIGN}1+1 森 花, M.D."
    for doctor_id, name in zip(made.doctors, (evil, wide), strict=True):
        person = await book.practitioner_of(doctor_id)
        await book.run("UPDATE practitioners SET name = %s WHERE id = %s", name, person)
    for kind, name in (
        (ReportKind.REPORT_KIND_UTILIZATION, "GetUtilization"),
        (ReportKind.REPORT_KIND_WAITS, "GetWaits"),
        (ReportKind.REPORT_KIND_NO_SHOWS, "GetNoShows"),
    ):
        text, rows = await exported(made, staff, kind, "REPORT_GROUPING_DOCTOR")
        assert text.startswith("\ufeffkey,name,")
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
        assert {row["name"] for row in rows} == {f"'{evil}", f"'{wide}", ""}
        report = await ask(made, staff, name, group_by="REPORT_GROUPING_DOCTOR")
        told = [*report.rows, report.total]
        assert [row["key"] for row in rows] == [*(each.key for each in report.rows), "total"]
        for row, each in zip(rows, told, strict=True):
            assert {name: row[name] for name in figures(each)} == {k: str(v) for k, v in figures(each).items()}


async def test_a_patient_has_no_reports(scene: Scene) -> None:
    request = pb.GetClinicDayRequest(clinic_id=scene.clinic_id)
    refused = await refusal(scene.patient(scene.patient.reports.GetClinicDay, request))
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    shown = await scene.staff(scene.staff.reports.GetClinicDay, request)
    assert (shown.date, shown.utilization.offered_minutes) == ("2026-03-02", 180)
