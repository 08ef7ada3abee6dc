"""What an import of appointments made, and what it reported."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from db.postgres.booking import appointments
from db.postgres.booking.appointments import NewAppointment, Placement
from db.postgres.cluster.transaction import transact
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    load,
    organization,
    patient,
    practitioner,
    role,
)

PLACES = [organization(), practitioner(), role(), patient()]


AT_NINE = datetime(2026, 3, 3, 15, tzinfo=UTC)


HALF_HOUR = timedelta(minutes=30)


def who(patient_id: str = "p1", doctor: str = "Practitioner/d1", **fields: Any) -> list[dict[str, Any]]:
    doctor_takes_part = {"actor": {"reference": doctor}, "status": "accepted"} | fields
    return [{"actor": {"reference": f"Patient/{patient_id}"}}, doctor_takes_part]


async def kept(book: Book) -> dict[str, tuple[object, ...]]:
    """Status, start, seat and version of each appointment, by the exporter's id."""
    rows = await book.rows(
        "SELECT min(i.value), status, start_at, seat, version FROM appointments"
        " JOIN appointment_identifiers i ON appointment_id = id GROUP BY id"
    )
    return {str(row[0]): tuple(row[1:]) for row in rows}


async def said(book: Book, directory: Path, **options: Any) -> list[str]:
    """The reports of an import, without their places."""
    _, reports = await load(book, directory, **options)
    return [report.split(": ", 1)[1] for report in reports]


async def book_here(book: Book, patient_name: str = "Mori Emi") -> str:
    """Book 09:00 for somebody who is not in the export; the appointment."""
    other = await book.patient(patient_name)
    [[doctor_id, practitioner_id, clinic_id]] = await book.rows("SELECT id, practitioner_id, clinic_id FROM doctors")
    new = NewAppointment(str(uuid4()), other, "scheduled", "")
    end = AT_NINE + HALF_HOUR
    place = Placement(str(doctor_id), str(practitioner_id), str(clinic_id), AT_NINE.date(), AT_NINE, end, end, 1, -360)
    await transact(book.engine, lambda pg: appointments.insert(pg, new, place, book.clock.now))
    return new.id
