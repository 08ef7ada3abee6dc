"""Patients and who acts for them as messages, and what requests say of them."""

from collections.abc import Iterable
from dataclasses import replace

from google.protobuf.field_mask_pb2 import FieldMask

from db.postgres.directory.patients import FullPatientRow
from server import person_rules
from server.domain.errors import invalid
from server.domain.etags import etag_of
from server.domain.identity import Relation
from server.domain.people import birth_dates
from server.domain.people.identifiers import LONGEST, system_of, value_of
from server.rpc.messages.convert import RELATION, to_date, to_relation, to_timestamp
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.usecases.directory.patient_changes import PatientChange
from server.usecases.directory.patients import PatientData, PatientSearch
from server.usecases.registrations import NewPerson
from server.usecases.representatives.add import NewRepresentative
from server.usecases.representatives.read import Representative
from yoyaku.v1 import auth_service_pb2, clinic_pb2, patient_pb2, representative_pb2
from yoyaku.v1 import directory_service_pb2 as pb

_PATIENT_FIELDS = (
    *("name", "birth_date", "phone", "email", "language", "identifiers"),
    *("name_kana", "deceased", "inactive"),
)


def patient_change(request: pb.UpdatePatientRequest) -> PatientChange:
    """The change that a request asks for (INVALID_REQUEST)."""
    check_same_id("patient.id", request.patient.id, request.patient_id)
    fields = fields_to_change(request.update_mask, request.patient, _PATIENT_FIELDS)
    patient = patient_pb2.Patient()
    FieldMask(paths=fields).MergeMessage(request.patient, patient)
    equivalent = pb.RegisterPatientRequest(
        name=patient.name,
        name_kana=patient.name_kana,
        birth_date=patient.birth_date,
        phone=patient.phone,
        email=patient.email,
        language=patient.language,
        identifiers=patient.identifiers,
    )
    validate_fields(equivalent, {*fields} - {"deceased", "inactive"}, "patient")
    new = replace(new_patient(equivalent, "patient."), deceased=patient.deceased, inactive=patient.inactive)
    return PatientChange(request.patient_id.lower(), fields, new, request.patient.etag, request.reason)


def new_patient(request: pb.RegisterPatientRequest, within: str = "") -> PatientData:
    """The patient that a request describes (INVALID_REQUEST); `within` comes before the names of fields."""
    return PatientData(
        name=checked(f"{within}name", person_rules.person, request.name, ""),
        birth_date=checked(f"{within}birth_date", person_rules.partial_birth_date, request.birth_date, None),
        birth_precision=birth_dates.precision_of(request.birth_date),
        phone=checked(f"{within}phone", person_rules.phone, request.phone, ""),
        email=checked(f"{within}email", person_rules.email, request.email, ""),
        language=request.language or "en",
        name_kana=checked(f"{within}name_kana", person_rules.person, request.name_kana, ""),
        identifiers=_identifiers(f"{within}identifiers", request.identifiers),
    )


def new_person(request: auth_service_pb2.RequestRegistrationRequest) -> NewPerson:
    """The person that a request describes (INVALID_REQUEST)."""
    return NewPerson(
        email=checked("email", person_rules.email, request.email, ""),
        password=request.password,
        name=checked("name", person_rules.person, request.name, ""),
        birth_date=to_date("birth_date", request.birth_date),
        language=request.language or "en",
    )


def _identifiers(field: str, identifiers: Iterable[patient_pb2.Identifier]) -> list[tuple[str, str]]:
    pairs = [_pair(field, identifier) for identifier in identifiers]
    if len(set(pairs)) < len(pairs):
        raise invalid(field, "the same system and value appear twice: send each identifier once")
    return sorted(pairs)


def _pair(field: str, identifier: patient_pb2.Identifier) -> tuple[str, str]:
    pair = system_of(identifier.system), value_of(identifier.value)
    if not all(0 < len(part) <= LONGEST for part in pair):
        raise invalid(field, f"a system or a value is blank, or longer than {LONGEST} characters: correct it")
    return pair


def patient_search(request: pb.SearchPatientsRequest) -> PatientSearch:
    """Whom a request looks for (INVALID_REQUEST)."""
    identifier = _pair("identifier", request.identifier) if request.HasField("identifier") else None
    return PatientSearch(
        identifier=identifier,
        name=request.name,
        birth_date=checked("birth_date", person_rules.partial_date, request.birth_date, ""),
        phone=checked("phone", person_rules.last_digits, request.phone, ""),
        language=request.language,
        size=request.size,
        page_token=request.page_token,
    )


def patient_of(row: FullPatientRow) -> patient_pb2.Patient:
    """A patient as a message."""
    return patient_pb2.Patient(
        id=row.id,
        name=row.name,
        birth_date=birth_dates.written(row.birth_date, row.birth_precision),
        phone=row.phone,
        email=row.email,
        language=row.language,
        pending_email=row.pending_email,
        pending_phone=row.pending_phone,
        identifiers=[patient_pb2.Identifier(system=system, value=value) for system, value in row.identifiers],
        etag=etag_of(row.version),
        create_time=to_timestamp(row.created_at),
        update_time=to_timestamp(row.updated_at),
        name_kana=row.name_kana,
        deceased=row.deceased,
        inactive=row.inactive,
        replaced_by=row.replaced_by or "",
    )


def new_representative(request: pb.AddRepresentativeRequest) -> NewRepresentative:
    """The representative that a request describes (INVALID_REQUEST)."""
    name = representative_pb2.RepresentativeRelation.Name(request.relation)
    return NewRepresentative(
        patient_id=request.patient_id.lower(),
        email=checked("email", person_rules.email, request.email, ""),
        relation=Relation(name.removeprefix(RELATION).lower()),
        last_day=to_date("end_date", request.end_date) if request.end_date else None,
        clinic_id=request.clinic_id.lower(),
        note=request.note,
    )


def representative_of(found: Representative) -> representative_pb2.Representative:
    """A representative as a message."""
    row = found.row
    return representative_pb2.Representative(
        id=row.id,
        patient=patient_pb2.PatientRef(id=row.patient_id, name=row.patient_name),
        account_id=row.account_id,
        name=row.name,
        relation=to_relation(row.relation),
        create_time=to_timestamp(row.created_at),
        end_time=to_timestamp(found.ends_at),
        sees_records=found.sees_records,
        clinic=clinic_pb2.ClinicRef(id=row.clinic_id, name=row.clinic_name, time_zone=row.time_zone),
        note=row.note,
        active=found.active,
    )


def representative_added(found: Representative) -> pb.AddRepresentativeResponse:
    """The answer to AddRepresentative."""
    return pb.AddRepresentativeResponse(representative=representative_of(found))
