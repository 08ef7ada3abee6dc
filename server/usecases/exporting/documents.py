"""Medical records as FHIR R4 resources, a DocumentReference for each version."""

import base64

from db.postgres.records.records import RecordRow
from server.usecases.exporting.resources import Json, instant, refer, resource


def document(row: RecordRow, text: str) -> Json:
    """A version of a record; the newest is the current one, and each replaces the one before it."""
    content = {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode()).decode("ascii")}
    related = [refer("Appointment", row.appointment_id)] if row.appointment_id else []
    before = [{"code": "replaces", "target": refer("DocumentReference", _id(row, row.version - 1))}]
    return resource(
        "DocumentReference",
        _id(row, row.version),
        (),
        status="current" if row.version == row.latest else "superseded",
        subject=refer("Patient", row.patient_id),
        date=instant(row.written_at),
        author=[refer("PractitionerRole", row.doctor_id)],
        custodian=refer("Organization", row.clinic_id),
        relatesTo=before if row.version > 1 else [],
        content=[{"attachment": content}],
        context={"related": related} if related else {},
    )


def _id(row: RecordRow, version: int) -> str:
    return f"{row.id}-{version}"
