"""Appointments of an export whose service is a type of appointment of the clinic."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.db.imported import PLACES, said
from tests.fixtures.book import Book
from tests.fixtures.fhir import Resource, appointment, export, load


@pytest.mark.parametrize(
    "service", [{"text": "BRAIN scan"}, {"coding": [{"display": "脳検査"}]}, {"concept": {"text": "Brain scan"}}]
)
async def test_a_service_that_the_clinic_offers_as_a_type_gets_that_type_and_a_room(
    book: Book, tmp_path: Path, service: Resource
) -> None:
    await load(book, export(tmp_path / "places", a=PLACES))
    [[clinic]] = await book.rows("SELECT id FROM clinics")
    scan = await book.appointment_type(
        str(clinic), 30, buffer_minutes=10, name="Brain scan", name_ja="脳検査", resource_kinds=["room"]
    )
    service_type: dict[str, Any] = {"serviceType": [{"text": "Radiology"}, service]}
    past = appointment("a0", start="2020-03-03T09:00:00-06:00", end="2020-03-03T09:30:00-06:00", **service_type)
    booked = [past, appointment(**service_type)]
    assert await said(book, export(tmp_path / "no room", a=booked)) == [
        "Appointment/a1: its service needs a resource of the kind room, and none is free then: free one, and run again"
    ]
    await book.resource(str(clinic), "room")
    assert await said(book, export(tmp_path / "room", a=booked)) == []
    rows = await book.rows("SELECT type_id::text, reason, upper(during) - end_at FROM appointments ORDER BY start_at")
    assert rows == [(scan, "", timedelta()), (scan, "", timedelta(minutes=10))]
    occupied = "SELECT count(*) FROM appointment_resources WHERE active"
    assert await book.rows(occupied) == [(1,)]
    cancelled = appointment(status="cancelled", **service_type)
    assert await said(book, export(tmp_path / "cancelled", a=[past, cancelled])) == []
    assert await book.rows(occupied) == [(0,)]
