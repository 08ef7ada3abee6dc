"""DirectoryService."""

from collections.abc import Iterable
from dataclasses import replace

from google.protobuf.field_mask_pb2 import FieldMask

from db.postgres.directory.clinics import ClinicRow
from db.postgres.directory.doctors import DoctorRow
from db.postgres.directory.patients import FullPatientRow
from server import particulars
from server.domain.errors import invalid
from server.domain.etags import etag_of
from server.domain.identifiers import LONGEST, system_of, value_of
from server.rpc.calls.current_call import caller, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.convert import to_timestamp
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.usecases.directory.doctors import Directory, DoctorChange, DoctorChanged, DoctorListing, NewDoctor
from server.usecases.directory.identifier_systems import IdentifierSystems
from server.usecases.directory.patient_changes import PatientChange, PatientEditor
from server.usecases.directory.patients import Particulars, Patients, PatientSearch
from yoyaku.v1 import clinic_pb2, doctor_pb2, patient_pb2
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceServicer

_DOCTOR_FIELDS = ("name", "specialty", "active")
_PATIENT_FIELDS = (
    *("name", "birth_date", "phone", "email", "language", "identifiers"),
    *("name_kana", "deceased", "inactive"),
)


class DirectoryServicer(DirectoryServiceServicer):
    """Finds clinics, doctors and patients, adds and changes doctors and patients."""

    def __init__(
        self, directory: Directory, patients: Patients, editor: PatientEditor, systems: IdentifierSystems
    ) -> None:
        self._directory = directory
        self._patients = patients
        self._patient_editor = editor
        self._systems = systems

    async def ListClinics(self, request: pb.ListClinicsRequest, context: object) -> pb.ListClinicsResponse:
        rows, next_page_token = await self._directory.list_clinics(caller(), request.size, request.page_token)
        return pb.ListClinicsResponse(clinics=map(_clinic, rows), next_page_token=next_page_token)

    async def ListDoctors(self, request: pb.ListDoctorsRequest, context: object) -> pb.ListDoctorsResponse:
        listing = DoctorListing(request.clinic_id.lower(), request.specialty.strip(), request.size, request.page_token)
        rows, next_page_token = await self._directory.list_doctors(caller(), listing)
        return pb.ListDoctorsResponse(doctors=map(_doctor, rows), next_page_token=next_page_token)

    async def GetDoctor(self, request: pb.GetDoctorRequest, context: object) -> pb.GetDoctorResponse:
        response = pb.GetDoctorResponse(
            doctor=_doctor(await self._directory.get_doctor(caller(), request.doctor_id.lower()))
        )
        set_etag(response.doctor.etag)
        return response

    async def CreateDoctor(self, request: pb.CreateDoctorRequest, context: object) -> pb.CreateDoctorResponse:
        name = checked("name", particulars.person, request.name, "")
        specialty = checked("specialty", particulars.name, request.specialty, "")
        new = NewDoctor(request.clinic_id.lower(), name, request.practitioner_id.lower(), specialty)
        write = idempotent_write(caller(), request, request.request_id, _doctor_created, pb.CreateDoctorResponse)
        response = await self._directory.create_doctor(caller(), new, write)
        set_location(f"/api/doctors/{response.doctor.id}", response.doctor.etag)
        return response

    async def UpdateDoctor(self, request: pb.UpdateDoctorRequest, context: object) -> pb.UpdateDoctorResponse:
        write = idempotent_write(caller(), request, request.request_id, _doctor_updated, pb.UpdateDoctorResponse)
        response = await self._directory.update_doctor(caller(), _doctor_change(request), write)
        set_etag(response.doctor.etag)
        return response

    async def RegisterPatient(self, request: pb.RegisterPatientRequest, context: object) -> pb.RegisterPatientResponse:
        write = idempotent_write(caller(), request, request.request_id, _patient_registered, pb.RegisterPatientResponse)
        response = await self._patients.register(caller(), _particulars(request), write)
        set_location(f"/api/patients/{response.patient.id}", response.patient.etag)
        return response

    async def GetPatient(self, request: pb.GetPatientRequest, context: object) -> pb.GetPatientResponse:
        response = pb.GetPatientResponse(
            patient=_patient(await self._patients.get(caller(), request.patient_id.lower()))
        )
        set_etag(response.patient.etag)
        return response

    async def UpdatePatient(self, request: pb.UpdatePatientRequest, context: object) -> pb.UpdatePatientResponse:
        write = idempotent_write(caller(), request, request.request_id, _patient_updated, pb.UpdatePatientResponse)
        response = await self._patient_editor.update(caller(), _patient_change(request), write)
        set_etag(response.patient.etag)
        return response

    async def ConfirmContact(self, request: pb.ConfirmContactRequest, context: object) -> pb.ConfirmContactResponse:
        write = idempotent_write(caller(), request, request.request_id, _contact_confirmed, pb.ConfirmContactResponse)
        response = await self._patient_editor.confirm_contact(caller(), request.patient_id.lower(), request.code, write)
        set_etag(response.patient.etag)
        return response

    async def SearchPatients(self, request: pb.SearchPatientsRequest, context: object) -> pb.SearchPatientsResponse:
        rows, next_page_token = await self._patients.search(caller(), _search(request))
        return pb.SearchPatientsResponse(patients=map(_patient, rows), next_page_token=next_page_token)

    async def ReserveIdentifierSystem(
        self, request: pb.ReserveIdentifierSystemRequest, context: object
    ) -> pb.ReserveIdentifierSystemResponse:
        await self._systems.reserve(caller(), system_of(request.system))
        return pb.ReserveIdentifierSystemResponse()

    async def ReleaseIdentifierSystem(
        self, request: pb.ReleaseIdentifierSystemRequest, context: object
    ) -> pb.ReleaseIdentifierSystemResponse:
        await self._systems.release(caller(), system_of(request.system))
        return pb.ReleaseIdentifierSystemResponse()


def _doctor_change(request: pb.UpdateDoctorRequest) -> DoctorChange:
    doctor = request.doctor
    check_same_id("doctor.id", doctor.id, request.doctor_id)
    fields = fields_to_change(request.update_mask, doctor, _DOCTOR_FIELDS)
    if "name" in fields and not doctor.name:
        raise invalid("doctor.name", "cannot be cleared: send the name, 1 to 200 characters")
    validate_fields(pb.CreateDoctorRequest(name=doctor.name, specialty=doctor.specialty), fields, "doctor")
    name = checked("doctor.name", particulars.person, doctor.name, "")
    specialty = checked("doctor.specialty", particulars.name, doctor.specialty, "")
    return DoctorChange(request.doctor_id.lower(), fields, name, specialty, doctor.active, doctor.etag)


def _patient_change(request: pb.UpdatePatientRequest) -> PatientChange:
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
    new = replace(_particulars(equivalent, "patient."), deceased=patient.deceased, inactive=patient.inactive)
    return PatientChange(request.patient_id.lower(), fields, new, request.patient.etag, request.reason)


def _particulars(request: pb.RegisterPatientRequest, within: str = "") -> Particulars:
    return Particulars(
        name=checked(f"{within}name", particulars.person, request.name, ""),
        birth_date=checked(f"{within}birth_date", particulars.birth_date, request.birth_date, None),
        phone=checked(f"{within}phone", particulars.phone, request.phone, ""),
        email=checked(f"{within}email", particulars.email, request.email, ""),
        language=request.language or "en",
        name_kana=checked(f"{within}name_kana", particulars.person, request.name_kana, ""),
        identifiers=_identifiers(f"{within}identifiers", request.identifiers),
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


def _search(request: pb.SearchPatientsRequest) -> PatientSearch:
    identifier = _pair("identifier", request.identifier) if request.HasField("identifier") else None
    return PatientSearch(
        identifier=identifier,
        name=request.name,
        birth_date=checked("birth_date", particulars.partial_date, request.birth_date, ""),
        phone=checked("phone", particulars.last_digits, request.phone, ""),
        language=request.language,
        size=request.size,
        page_token=request.page_token,
    )


def _clinic(row: ClinicRow) -> clinic_pb2.Clinic:
    policy = clinic_pb2.BookingPolicy(
        horizon_days=row.horizon_days,
        min_notice_minutes=row.min_notice_minutes,
        cancel_by_minutes=row.cancel_by_minutes,
        max_per_patient_day=row.max_per_patient_day,
        buffer_minutes=row.buffer_minutes,
    )
    return clinic_pb2.Clinic(
        id=row.id, name=row.name, time_zone=row.time_zone, policy=policy, address=row.address, phone=row.phone
    )


def _doctor(row: DoctorRow) -> doctor_pb2.Doctor:
    return doctor_pb2.Doctor(
        id=row.id,
        practitioner_id=row.practitioner_id,
        name=row.name,
        specialty=row.specialty,
        clinic=clinic_pb2.ClinicRef(id=row.clinic_id, name=row.clinic_name, time_zone=row.time_zone),
        active=row.active,
        etag=etag_of(row.version),
        create_time=to_timestamp(row.created_at),
        update_time=to_timestamp(row.updated_at),
    )


def _patient(row: FullPatientRow) -> patient_pb2.Patient:
    return patient_pb2.Patient(
        id=row.id,
        name=row.name,
        birth_date=row.birth_date.isoformat() if row.birth_date else "",
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


def _doctor_created(row: DoctorRow) -> pb.CreateDoctorResponse:
    return pb.CreateDoctorResponse(doctor=_doctor(row))


def _doctor_updated(changed: DoctorChanged) -> pb.UpdateDoctorResponse:
    return pb.UpdateDoctorResponse(doctor=_doctor(changed.doctor))


def _patient_registered(row: FullPatientRow) -> pb.RegisterPatientResponse:
    return pb.RegisterPatientResponse(patient=_patient(row))


def _patient_updated(row: FullPatientRow) -> pb.UpdatePatientResponse:
    return pb.UpdatePatientResponse(patient=_patient(row))


def _contact_confirmed(row: FullPatientRow) -> pb.ConfirmContactResponse:
    return pb.ConfirmContactResponse(patient=_patient(row))
