"""Identifiers of other systems have one form, in which they are stored and compared."""

import pytest

from server.domain.people.identifiers import is_ours, system_of, value_of


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("urn:oid:1.2.392", "urn:oid:1.2.392"),
        (" URN:OID:1.2.392\u3000", "urn:oid:1.2.392"),
        ("urn:o\u200bid:1.2\u00ad.392", "urn:oid:1.2.392"),
        ("ｕｒｎ：ｏｉｄ：１", "urn:oid:1"),
        ("HTTP://FHIR.de/sid/gkv/KVID-10", "http://fhir.de/sid/gkv/KVID-10"),
        ("urn:Hospital:Ward-A", "urn:hospital:Ward-A"),
        ("Insurance", "Insurance"),
    ],
)
def test_a_system_is_stored_in_one_form(written: str, stored: str) -> None:
    assert system_of(written) == stored
    assert system_of(stored) == stored


def test_a_value_keeps_its_case_and_loses_what_nobody_sees() -> None:
    assert value_of(" Ａ\u200b-17\u00a0") == "A-17"


@pytest.mark.parametrize(
    "system", ["urn:yoyaku:fhir/Patient", " URN:YOYAKU:x", "urn:yoy\u200baku:x", "ｕｒｎ:yoyaku:x"]
)
def test_ours_are_ours_however_they_are_written(system: str) -> None:
    assert is_ours(system)
