"""Encounters of a FHIR export, read without a database."""

from datetime import UTC, datetime

import pytest

from server.domain.booking.appointment import AppointmentStatus
from server.fhir.encounter import encounter as read_encounter
from server.fhir.fields import Origin, Unusable
from server.fhir.visit import ExportedVisit
from tests.fixtures.fhir import (
    encounter,
)

ORIGIN = Origin("https://fhir.example", None, datetime(2026, 3, 2, tzinfo=UTC))


def test_a_primary_performer_comes_first() -> None:
    primary = {"type": [{"coding": [{"code": "PPRF"}]}], "individual": {"reference": "Practitioner/first"}}
    relative = {"individual": {"reference": "RelatedPerson/mother"}}
    other = {"individual": {"reference": "Practitioner/second"}}
    found = read_encounter(encounter(participant=[relative, other, primary]), ORIGIN)
    assert isinstance(found, ExportedVisit)
    assert [each.label for each in found.practitioners] == ["Practitioner/first", "Practitioner/second"]


def test_a_reason_is_what_people_read_cut_to_what_fits() -> None:
    coded = {"coding": [{"code": "1"}, {"display": "Asthma"}]}
    for fields, reason in (
        ({"reasonCode": [coded, {"text": "Flu"}]}, "Asthma; Flu"),
        ({"type": [{"text": "Check-up"}]}, "Check-up"),
        ({}, ""),
        ({"type": [{"text": "x" * 900}]}, "x" * 500),
    ):
        found = read_encounter(encounter(**fields), ORIGIN)
        assert isinstance(found, ExportedVisit)
        assert found.reason == reason


def test_a_cancelled_encounter_is_a_cancelled_appointment() -> None:
    found = read_encounter(encounter(status="cancelled"), ORIGIN)
    assert isinstance(found, ExportedVisit)
    assert found.status is AppointmentStatus.CANCELLED


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (None, "2020-01-01T10:00:00Z", "period.start is missing"),
        ("2020-01", "2020-01-02", "period.start is not a day or a time"),
        ("2020-01-01T10", "2020-01-01T11:00:00Z", "period.start is not a day or a time"),
        ("2020-02-30T10:00:00Z", "2020-03-01T11:00:00Z", "not a valid date and time"),
        ("0001-01-01T00:00:00+14:00", "2020-01-01T11:00:00Z", "not a valid date and time"),
        ("1899-12-31T00:00:00Z", "2020-01-01T11:00:00Z", "before 1900"),
        ("2020-01-01T10:00:00Z", "2020-01-01T09:00:00Z", "it ends before it starts"),
        ("2026-03-01T23:30:00Z", "2026-03-02T00:30:00Z", "in the future"),
        ("2020-01-01T10:00:00Z", "9999-12-31T23:59:59-14:00", "not a valid date and time"),
    ],
)
def test_a_period_that_is_none_or_not_over_is_refused(start: str | None, end: str | None, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        read_encounter(encounter(period={"start": start, "end": end}), ORIGIN)


@pytest.mark.parametrize("status", ["planned", "arrived", "triaged", "in-progress", "onleave", "unknown", "", "Sato"])
def test_a_status_that_is_not_over_is_refused_without_repeating_nonsense(status: str) -> None:
    with pytest.raises(Unusable, match="status") as refused:
        read_encounter(encounter(status=status), ORIGIN)
    assert "Sato" not in refused.value.reason
