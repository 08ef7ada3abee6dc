"""DirectoryService."""

from db.postgres.directory.doctors import DoctorRow
from db.postgres.directory.patients import FullPatientRow
from server import person_rules
from server.domain.errors import invalid
from server.domain.etags import etag_of
from server.domain.people.identifiers import system_of
from server.domain.typed_codes import six_digits
from server.rpc.calls.current_call import caller, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.clinics import (
    clinic_change,
    clinic_created,
    clinic_of,
    clinic_updated,
    new_clinic,
    policies_of,
)
from server.rpc.messages.convert import to_timestamp
from server.rpc.messages.patients import new_patient, patient_change, patient_of, patient_search
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.rpc.servicers.representatives import RepresentativeServicer
from server.usecases.directory.clinics import Clinics
from server.usecases.directory.doctors import Directory, DoctorChange, DoctorChanged, DoctorListing, NewDoctor
from server.usecases.directory.identifier_systems import IdentifierSystems
from server.usecases.directory.patient_changes import PatientEditor
from server.usecases.directory.patients import Patients
from server.usecases.representatives.add import RepresentativeAdder
from server.usecases.representatives.end import RepresentativeEnder
from server.usecases.representatives.read import RepresentativeReader
from yoyaku.v1 import clinic_pb2, doctor_pb2
from yoyaku.v1 import directory_service_pb2 as pb

_DOCTOR_FIELDS = ("name", "specialty", "active")


class DirectoryServicer(RepresentativeServicer):
    """Finds clinics, doctors and patients, adds and changes doctors and patients."""

    def __init__(
        self,
        directory: Directory,
        patients: Patients,
        editor: PatientEditor,
        systems: IdentifierSystems,
        clinics: Clinics,
        adder: RepresentativeAdder,
        ender: RepresentativeEnder,
        representatives: RepresentativeReader,
    ) -> None:
        self._directory = directory
        self._patients = patients
        self._patient_editor = editor
        self._systems = systems
        self._clinics = clinics
        self._adder = adder
        self._ender = ender
        self._representatives = representatives

    async def ListClinics(self, request: pb.ListClinicsRequest, context: object) -> pb.ListClinicsResponse:
        rows, next_page_token = await self._directory.list_clinics(caller(), request.size, request.page_token)
        return pb.ListClinicsResponse(clinics=map(clinic_of, rows), next_page_token=next_page_token)

    async def GetClinic(self, request: pb.GetClinicRequest, context: object) -> pb.GetClinicResponse:
        response = pb.GetClinicResponse(clinic=clinic_of(await self._clinics.get(caller(), request.clinic_id.lower())))
        set_etag(response.clinic.etag)
        return response

    async def CreateClinic(self, request: pb.CreateClinicRequest, context: object) -> pb.CreateClinicResponse:
        write = idempotent_write(caller(), request, request.request_id, clinic_created, pb.CreateClinicResponse)
        response = await self._clinics.create(caller(), new_clinic(request), write)
        set_location(f"/api/clinics/{response.clinic.id}", response.clinic.etag)
        return response

    async def UpdateClinic(self, request: pb.UpdateClinicRequest, context: object) -> pb.UpdateClinicResponse:
        if request.validate_only:
            return clinic_updated(await self._clinics.preview(caller(), clinic_change(request)))
        write = idempotent_write(caller(), request, request.request_id, clinic_updated, pb.UpdateClinicResponse)
        response = await self._clinics.update(caller(), clinic_change(request), write)
        set_etag(response.clinic.etag)
        return response

    async def ListPolicies(self, request: pb.ListPoliciesRequest, context: object) -> pb.ListPoliciesResponse:
        row = await self._clinics.get(caller(), request.clinic_id.lower())
        return policies_of(row, request.language)

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
        name = checked("name", person_rules.person, request.name, "")
        specialty = checked("specialty", person_rules.name, request.specialty, "")
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
        response = await self._patients.register(caller(), new_patient(request), write)
        set_location(f"/api/patients/{response.patient.id}", response.patient.etag)
        return response

    async def GetPatient(self, request: pb.GetPatientRequest, context: object) -> pb.GetPatientResponse:
        response = pb.GetPatientResponse(
            patient=patient_of(await self._patients.get(caller(), request.patient_id.lower()))
        )
        set_etag(response.patient.etag)
        return response

    async def UpdatePatient(self, request: pb.UpdatePatientRequest, context: object) -> pb.UpdatePatientResponse:
        write = idempotent_write(caller(), request, request.request_id, _patient_updated, pb.UpdatePatientResponse)
        response = await self._patient_editor.update(caller(), patient_change(request), write)
        set_etag(response.patient.etag)
        return response

    async def ConfirmContact(self, request: pb.ConfirmContactRequest, context: object) -> pb.ConfirmContactResponse:
        write = idempotent_write(caller(), request, request.request_id, _contact_confirmed, pb.ConfirmContactResponse)
        code = six_digits("code", request.code)
        response = await self._patient_editor.confirm_contact(caller(), request.patient_id.lower(), code, write)
        set_etag(response.patient.etag)
        return response

    async def ConfirmContactByLink(
        self, request: pb.ConfirmContactByLinkRequest, context: object
    ) -> pb.ConfirmContactByLinkResponse:
        await self._patient_editor.confirm_contact_by_link(request.link_token)
        return pb.ConfirmContactByLinkResponse()

    async def SearchPatients(self, request: pb.SearchPatientsRequest, context: object) -> pb.SearchPatientsResponse:
        rows, next_page_token = await self._patients.search(caller(), patient_search(request))
        return pb.SearchPatientsResponse(patients=map(patient_of, rows), next_page_token=next_page_token)

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
    name = checked("doctor.name", person_rules.person, doctor.name, "")
    specialty = checked("doctor.specialty", person_rules.name, doctor.specialty, "")
    return DoctorChange(request.doctor_id.lower(), fields, name, specialty, doctor.active, doctor.etag)


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


def _doctor_created(row: DoctorRow) -> pb.CreateDoctorResponse:
    return pb.CreateDoctorResponse(doctor=_doctor(row))


def _doctor_updated(changed: DoctorChanged) -> pb.UpdateDoctorResponse:
    return pb.UpdateDoctorResponse(doctor=_doctor(changed.doctor))


def _patient_registered(row: FullPatientRow) -> pb.RegisterPatientResponse:
    return pb.RegisterPatientResponse(patient=patient_of(row))


def _patient_updated(row: FullPatientRow) -> pb.UpdatePatientResponse:
    return pb.UpdatePatientResponse(patient=patient_of(row))


def _contact_confirmed(row: FullPatientRow) -> pb.ConfirmContactResponse:
    return pb.ConfirmContactResponse(patient=patient_of(row))
