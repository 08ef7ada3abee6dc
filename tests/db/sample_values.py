"""Values for the parameters of all statements, from a filled database."""

from datetime import UTC, date, datetime
from typing import Any

import psycopg

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


DAY = date(2026, 3, 3)


def sample(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """A value for each name that statements use."""
    row = connection.execute(
        "SELECT a.id::text, doctor_id::text, patient_id::text, clinic_id::text, practitioner_id::text"
        " FROM appointments a WHERE date = %s LIMIT 1",
        [DAY],
    ).fetchone()
    assert row
    appointment, doctor, patient, clinic, practitioner = row
    return {
        "account_id": patient,
        "appointment_id": appointment,
        "doctor_id": doctor,
        "patient_id": patient,
        "clinic_id": clinic,
        "practitioner_id": practitioner,
        "old_zone": "Asia/Tokyo",
        "new_zone": "Europe/London",
        "caller_id": "caller 77",
        "request_id": "00000000-0000-7000-8000-000000000077",
        "date": DAY,
        "first": DAY,
        "last": DAY,
        "valid_from": DAY,
        "now": NOW,
        "forgotten": datetime(2026, 2, 2, tzinfo=UTC),
        "since": NOW,
        "secret_hash": b"77",
        "email": "patient-77@example.org",
        "limit": 20,
        "size": 20,
        "specialty": "Specialty 3",
        "ids": [appointment],
        "kind": "confirmation",
        "place_id": clinic,
        "text": "a line",
        "id": appointment,
        "code_hash": b"77",
        "held_by": "caller 77",
        "series_id": appointment,
        "resource_id": "00000009-0000-7000-8000-000000000077",
        "resource_ids": ["00000009-0000-7000-8000-000000000077"],
        "resource_kinds": ["room"],
        "type_id": "00000008-0000-7000-8000-000000000077",
        "expires_at": NOW,
        "recipient": "patient-77@example.org",
        "tries": 5,
        "version": 2,
        "notification_id": appointment,
        "doctor_ids": [doctor],
        "clinic_ids": [clinic],
        "patient_ids": [patient],
        "dates": [DAY],
        "events": ["booked"],
        "kinds": ["confirmation"],
        "actors": ["tests"],
        "notes": [""],
        "left": [None],
        "relations": [""],
        "with_ended": False,
        "after": 1,
        "system": "urn:test",
        "value": "77",
        "terms": "('patient':*) & ('77':*)",
        "by_reading": False,
        "most": 20_000,
        "after_id": patient,
        "identifier_system": "urn:test",
        "identifier_value": "77",
        "record_id": "00000006-0000-7000-8000-000000000077",
        "master_key_id": "old",
        "actor": "caller 77",
        "treated_since": NOW,
        "granted_since": NOW,
        "year": 2020,
        "before": NOW,
        "settled": NOW,
        "after_date": DAY,
        "after_start": NOW,
        "before_version": 9,
        "before_seq": 9,
        "after_seq": 0,
        "last_seq": 9,
        "numbers": 1,
        "number": 1,
        "closed": False,
        "grouping": "doctor",
        "late_hours": 24,
        "due": [NOW],
        "start_at": NOW,
        "end_at": NOW,
        "time_off_id": appointment,
    }


OWNERS = {
    "accounts": "account_id",
    "appointment_types": "appointment_id",
    "appointments": "appointment_id",
    "booked_patients": "patient_id",
    "contact_changes": "notification_id",
    "content": "notification_id",
    "days": "appointment_id",
    "ended_sessions": "account_id",
    "patients": "patient_id",
    "records": "record_id",
    "registrations": "notification_id",
    "representatives": "account_id",
    "reset_requests": "notification_id",
    "linked": "appointment_id",
    "resources": "appointment_id",
    "doctors": "doctor_id",
    "practitioners": "practitioner_id",
    "clinics": "clinic_id",
    "passwords": "account_id",
    "security_events": "account_id",
    "hours": "doctor_id",
    "imports": "doctor_id",
    "notifications": "notification_id",
    "tickets": "appointment_id",
    "time_off": "time_off_id",
}


def values_for(name: str, text: str, known: dict[str, Any]) -> dict[str, Any]:
    """Values for the parameters of a statement; those not known by name are plausible texts."""
    names = {part.split(")s")[0] for part in text.split("%(")[1:]}
    values = {each: known.get(each) for each in names}
    if "id" in names:
        values["id"] = known[OWNERS[name.split(".", maxsplit=1)[0]]]
    return values
