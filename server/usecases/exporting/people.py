"""Patients and their appointments as FHIR R4 resources."""

from db.postgres.directory.patients import FullPatientRow
from db.postgres.exports import ExportedAppointmentRow
from server.domain.booking.appointment import TO_FHIR_APPOINTMENT, AppointmentStatus
from server.domain.people import birth_dates
from server.fhir.extensions import WRITING
from server.usecases.exporting.resources import Json, contact, instant, refer, resource


def patient(row: FullPatientRow) -> Json:
    """A patient, without what is not confirmed yet."""
    language = {"coding": [{"system": "urn:ietf:bcp:47", "code": row.language}]}
    return resource(
        "Patient",
        row.id,
        row.identifiers,
        active=not row.inactive,
        name=_names(row),
        telecom=contact(phone=row.phone, email=row.email),
        birthDate=birth_dates.written(row.birth_date, row.birth_precision),
        deceasedBoolean=True if row.deceased else None,
        link=[{"other": refer("Patient", row.replaced_by), "type": "replaced-by"}] if row.replaced_by else [],
        communication=[{"language": language, "preferred": True}],
    )


def _names(row: FullPatientRow) -> list[Json]:
    if not row.name_kana:
        return [{"use": "official", "text": row.name}]
    writing = "ABC" if row.name.isascii() else "IDE"
    both = ((row.name, writing), (row.name_kana, "SYL"))
    return [
        {"extension": [{"url": WRITING, "valueCode": code}], "use": "official", "text": name} for name, code in both
    ]


def appointment(row: ExportedAppointmentRow) -> Json:
    """An appointment of a patient with a doctor."""
    actors = [
        refer("Patient", row.patient_id),
        refer("PractitionerRole", row.doctor_id),
        refer("Location", row.clinic_id),
    ]
    return resource(
        "Appointment",
        row.id,
        row.identifiers,
        status=TO_FHIR_APPOINTMENT[AppointmentStatus(row.status)],
        serviceType=[{"text": row.type_name}] if row.type_name else [],
        reasonCode=[{"text": row.reason}] if row.reason else [],
        start=instant(row.start_at),
        end=instant(row.end_at),
        created=instant(row.created_at),
        participant=[{"actor": actor, "status": "accepted"} for actor in actors],
    )
