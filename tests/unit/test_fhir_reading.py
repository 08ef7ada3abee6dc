"""FHIR resources as plain values: what is read, what is left out, what is refused."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.fhir import directory, roles
from server.fhir.appointment import appointment as read_appointment
from server.fhir.encounter import encounter as read_encounter
from server.fhir.export import find
from server.fhir.fields import Origin, Unusable
from server.fhir.patient import patient as read_patient
from server.fhir.references import reference
from server.fhir.telecom import e164
from server.fhir.zones import ZONE_OF_STATE, zone_of
from tests.fixtures.fhir import (
    appointment,
    encounter,
    export,
    location,
    organization,
    patient,
    practitioner,
    role,
    whole,
)

ORIGIN = Origin("https://fhir.example", None, datetime(2026, 3, 2, tzinfo=UTC))
READERS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (directory.organization, organization()),
    (directory.location, location()),
    (directory.practitioner, practitioner()),
    (roles.role, role()),
    (read_patient, patient()),
    (read_encounter, encounter()),
    (read_appointment, appointment()),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("read", "whole_one"), READERS)
@given(data=st.data())
def test_a_field_of_any_shape_is_read_or_refused(
    read: Callable[..., Any], whole_one: dict[str, Any], data: st.DataObject
) -> None:
    fields = sorted(
        {
            *whole_one,
            "identifier",
            "telecom",
            "communication",
            "address",
            "location",
            "period",
            "reasonCode",
            "type",
            "code",
        }
    )
    field = data.draw(st.sampled_from([name for name in fields if name != "resourceType"]))
    nested = st.dictionaries(
        st.sampled_from(["reference", "identifier", "system", "value", "text", "coding", "given", "start", "state"]),
        ANYTHING,
    )
    value = data.draw(ANYTHING | nested | st.lists(nested, max_size=3))
    with suppress(Unusable):
        read(whole_one | {field: value}, ORIGIN)


@given(lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line) | st.sampled_from([b"{}", b" "])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_reported_and_cost_no_other_line(tmp_path: Path, lines: list[bytes]) -> None:
    found = find(export(tmp_path, a=[*lines, *whole()]))
    found.survey(found.files[0], ORIGIN)
    assert sum(found.counts.values()) == len(whole())
    assert sum(report.lines for report in found.reports) == sum(bool(line.strip()) for line in lines)
    assert [line.resource for line in found.lines("Patient")] == [patient()]


UUID_ = "0190e5c2-0000-7000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("written", "system", "value"),
    [
        ({"reference": "Patient/1"}, "https://fhir.example/Patient", "1"),
        ({"reference": "https://fhir.example/Patient/1/_history/2"}, "https://fhir.example/Patient", "1"),
        ({"reference": "HTTPS://FHIR.example/Patient/1"}, "https://fhir.example/Patient", "1"),
        ({"reference": "https://elsewhere.example/r4/Patient/1"}, "https://elsewhere.example/r4/Patient", "1"),
        ({"reference": f"urn:uuid:{UUID_}"}, "https://fhir.example/Patient", UUID_),
        ({"reference": f"URN:UUID:{UUID_.upper()}"}, "https://fhir.example/Patient", UUID_),
        ({"reference": f"Patient/{UUID_.upper()}"}, "https://fhir.example/Patient", UUID_),
        ({"reference": "Patient?identifier=urn:x|7"}, "urn:x", "7"),
        ({"reference": "Patient?identifier=http%3A%2F%2Fx%7C7"}, "http://x", "7"),
        ({"identifier": {"system": "urn:x", "value": "7"}}, "urn:x", "7"),
        ({"type": "Patient", "identifier": {"system": "urn:x", "value": "7"}}, "urn:x", "7"),
    ],
)
def test_references_of_every_form_name_one_identifier(written: dict[str, Any], system: str, value: str) -> None:
    found = reference(written, "Patient", ORIGIN)
    assert found is not None
    assert found.identifier == (system, value)


def test_a_reference_to_another_place_proposes_the_option_that_makes_it_this_one() -> None:
    found = reference({"reference": "https://elsewhere.example/r4/Patient/1"}, "Patient", ORIGIN)
    assert found is not None
    assert found.label.endswith(
        "of https://elsewhere.example/r4 (if that is where the export comes from, give it as --source)"
    )


@pytest.mark.parametrize(
    "written",
    [
        None,
        "Patient/1",
        {},
        {"reference": "Group/1"},
        {"reference": "https://elsewhere.example/Group/1"},
        {"reference": "#contained"},
        {"reference": "Patient?identifier=7"},
        {"reference": "Patient?name=Sato"},
        {"type": "Group", "identifier": {"system": "urn:x", "value": "7"}},
        {"identifier": {"value": "7"}},
        {"display": "Sato Ken"},
    ],
)
def test_what_names_no_patient_here_is_no_reference(written: object) -> None:
    assert reference(written, "Patient", ORIGIN) is None


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("555-810-7203", "US", "+15558107203"),
        ("+1 (555) 810-7203", "", "+15558107203"),
        ("1.555.810.7203", "US", "+15558107203"),
        ("tel:+81-3-1234-5678", "", "+81312345678"),
        ("+44 (0)20 7946 0000", "GB", "+442079460000"),
        ("0049 30 123456", "DE", "+4930123456"),
        ("03-1234-5678", "JP", "+81312345678"),
        ("03-1234-5678", "", ""),
        ("555-810-7203 x12", "US", "+15558107203;ext=12"),
        ("tel:+1-201-555-0123;ext=45", "", "+12015550123;ext=45"),
        ("03-1234-5678（内線 99）", "JP", "+81312345678;ext=99"),
        ("03-1234-5678 ext. 7 / 090-1234-5678", "JP", "+81312345678;ext=7"),
        ("555-10-7203", "US", ""),
        ("+", "US", ""),
        ("", "US", ""),
    ],
)
def test_phones_become_e164_or_stay_empty(number: str, country: str, expected: str) -> None:
    assert e164(number, country) == expected


def test_every_state_has_a_zone_that_there_is() -> None:
    assert set(ZONE_OF_STATE.values()) <= available_timezones()
    assert len(ZONE_OF_STATE) == 2 * (50 + 1 + 5)
    assert zone_of([{"state": "kansas", "country": "US"}], None, []).key == "America/Chicago"


def test_a_zone_that_was_given_beats_one_that_an_address_tells() -> None:
    notes: list[str] = []
    assert zone_of([{"state": "KS", "country": "US"}], ZoneInfo("America/Denver"), notes).key == "America/Denver"
    assert notes == ["its address gives the time zone America/Chicago, but America/Denver was given with --time-zone"]
    zone_of([{"state": "CO", "country": "US"}], ZoneInfo("America/Denver"), notes)
    assert len(notes) == 1


def test_an_address_of_the_past_is_no_address_of_a_clinic() -> None:
    former = {"text": "1 Old Street", "state": "CA", "country": "US", "period": {"end": "2020-01"}}
    found = directory.organization(organization(address=[former, {"use": "old"}, *organization()["address"]]), ORIGIN)
    assert (found.address, found.time_zone) == ("KS", "America/Chicago")


@pytest.mark.parametrize("address", [{"state": "WA", "country": "AU"}, {"state": "WA"}, {"state": "MI"}, {}])
def test_a_state_without_its_country_is_no_guess(address: dict[str, str]) -> None:
    assert zone_of([address], ZoneInfo("Australia/Perth"), []).key == "Australia/Perth"
    with pytest.raises(Unusable, match="--time-zone"):
        zone_of([address], None, [])


def test_a_clinic_has_the_address_and_the_phone_of_its_organization() -> None:
    address = {"line": ["1 Main\nStreet"], "city": "Topeka", "state": "KS", "postalCode": "66603", "country": "US"}
    telecom = [{"system": "fax", "value": "785-555-0100"}, {"system": "phone", "value": "(785) 555-0199"}]
    found = directory.organization(organization(address=[address], telecom=telecom), ORIGIN)
    assert (found.address, found.phone) == ("1 Main Street, Topeka, KS, 66603", "+17855550199")
    written = address | {"text": "Main Street 1, Topeka"}
    assert directory.organization(organization(address=[written]), ORIGIN).address == "Main Street 1, Topeka"


def test_the_official_name_is_kept_as_it_is_written() -> None:
    maiden = {"use": "maiden", "family": "Abe", "given": ["Yui"]}
    official = {"use": "official", "family": "Ito46", "given": ["Yui2", "Hana"], "prefix": ["Mrs."]}
    assert read_patient(patient(name=[maiden, official]), ORIGIN).names.name == "Yui2 Hana Ito46"
    assert read_patient(patient(name=[maiden, {"text": "Ito Yui"}]), ORIGIN).names.name == "Ito Yui"
    assert read_patient(patient(name=[maiden]), ORIGIN).names.name == "Yui Abe"


def test_what_is_not_known_of_a_patient_stays_empty() -> None:
    telecom = [
        {"system": "phone", "value": "12"},
        {"system": "phone", "value": "+15558107203", "use": "old"},
        {"system": "email", "value": "nobody"},
    ]
    found = read_patient(patient(birthDate="1980-13", telecom=telecom), ORIGIN)
    assert (found.birth_date, found.phone, found.email) == (None, "", "")
    known = read_patient(patient(telecom=[{"system": "email", "value": "ken@example.org"}]), ORIGIN)
    assert (known.birth_date, known.email) == (date(1980, 5, 17), "ken@example.org")


def test_the_preferred_language_is_that_of_notices_if_there_are_texts_in_it() -> None:
    def spoken(code: str, **more: Any) -> dict[str, Any]:
        return {"language": {"coding": [{"code": code}]}} | more

    for communication, language in (
        ([], "en"),
        ([spoken("ja-JP")], "ja"),
        ([spoken("ja"), spoken("en", preferred=True)], "en"),
        ([spoken("pt"), spoken("ja")], "en"),
    ):
        assert read_patient(patient(communication=communication), ORIGIN).language == language


def test_identifiers_that_are_too_long_or_half_are_left_out() -> None:
    given = [
        {"system": "urn:x", "value": "7"},
        {"value": "8"},
        {"system": "urn:x"},
        {"system": "x" * 201, "value": "9"},
    ]
    found = read_patient(patient(identifier=given), ORIGIN).identifiers
    source = "https://fhir.example"
    assert found == ((f"{source}/Patient", "p1"), ("urn:x", "7"), (f"{source}/identifier", "8"))
