"""DirectoryService: clinics, doctors and patients."""

from collections.abc import Iterable

from google.protobuf.field_mask_pb2 import FieldMask

from yoyaku.methods import ClientMethod, Rows
from yoyaku.services.representatives import RepresentativeCalls
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceStub
from yoyaku.v1.doctor_pb2 import Doctor
from yoyaku.v1.patient_pb2 import Identifier, Patient
from yoyaku.wire import Day, day_text, write_id


class DirectoryCalls(RepresentativeCalls):
    """The calls of DirectoryService. Updates change only the arguments that are given (not None)."""

    @ClientMethod
    async def list_clinics(self, *, size: int = 0, page_token: str = "") -> pb.ListClinicsResponse:
        """A page of the clinics, by name."""
        request = pb.ListClinicsRequest(size=size, page_token=page_token)
        return await self._call(self._stub(DirectoryServiceStub).ListClinics, request)

    clinics = Rows(list_clinics, lambda page: page.clinics)

    @ClientMethod
    async def list_doctors(
        self, *, clinic_id: str = "", specialty: str = "", size: int = 0, page_token: str = ""
    ) -> pb.ListDoctorsResponse:
        """A page of the doctors who take bookings, by name; of a clinic, a specialty, or all."""
        request = pb.ListDoctorsRequest(clinic_id=clinic_id, specialty=specialty, size=size, page_token=page_token)
        return await self._call(self._stub(DirectoryServiceStub).ListDoctors, request)

    doctors = Rows(list_doctors, lambda page: page.doctors)

    @ClientMethod
    async def get_doctor(self, doctor_id: str) -> pb.GetDoctorResponse:
        """One doctor (NotFound)."""
        return await self._call(self._stub(DirectoryServiceStub).GetDoctor, pb.GetDoctorRequest(doctor_id=doctor_id))

    @ClientMethod
    async def create_doctor(
        self, *, clinic_id: str, specialty: str, name: str = "", practitioner_id: str = "", request_id: str = ""
    ) -> pb.CreateDoctorResponse:
        """Add a doctor to a clinic: a new person by name, or a known practitioner (AlreadyExists, NotFound)."""
        request = pb.CreateDoctorRequest(
            clinic_id=clinic_id,
            specialty=specialty,
            name=name,
            practitioner_id=practitioner_id,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).CreateDoctor, request)

    @ClientMethod
    async def update_doctor(
        self,
        doctor_id: str,
        *,
        name: str | None = None,
        specialty: str | None = None,
        active: bool | None = None,
        etag: str = "",
        request_id: str = "",
    ) -> pb.UpdateDoctorResponse:
        """Change a doctor (NotFound, NotAllowed, EtagMismatch)."""
        request = pb.UpdateDoctorRequest(
            doctor_id=doctor_id,
            doctor=Doctor(name=name or "", specialty=specialty or "", active=bool(active), etag=etag),
            update_mask=given(name=name, specialty=specialty, active=active),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).UpdateDoctor, request)

    @ClientMethod
    async def register_patient(
        self,
        *,
        name: str,
        birth_date: Day | None = None,
        phone: str = "",
        email: str = "",
        language: str = "",
        identifiers: Iterable[Identifier] = (),
        name_kana: str = "",
        request_id: str = "",
    ) -> pb.RegisterPatientResponse:
        """Register a patient (AlreadyExists if an identifier is taken, NotAllowed)."""
        request = pb.RegisterPatientRequest(
            name=name,
            birth_date=day_text(birth_date),
            phone=phone,
            email=email,
            language=language,
            identifiers=identifiers,
            name_kana=name_kana,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).RegisterPatient, request)

    @ClientMethod
    async def get_patient(self, patient_id: str) -> pb.GetPatientResponse:
        """One patient (NotFound)."""
        request = pb.GetPatientRequest(patient_id=patient_id)
        return await self._call(self._stub(DirectoryServiceStub).GetPatient, request)

    @ClientMethod
    async def update_patient(
        self,
        patient_id: str,
        *,
        name: str | None = None,
        birth_date: Day | None = None,
        phone: str | None = None,
        email: str | None = None,
        language: str | None = None,
        identifiers: Iterable[Identifier] | None = None,
        reason: str = "",
        etag: str = "",
        request_id: str = "",
    ) -> pb.UpdatePatientResponse:
        """Change a patient; `identifiers` replaces all of them (NotFound, NotAllowed, EtagMismatch, AlreadyExists).

        A changed email address or phone number takes effect with `confirm_contact`. To change a patient of other
        clinics, give a `reason`; the patient is notified.
        """
        new = Patient(
            name=name or "",
            birth_date=day_text(birth_date),
            phone=phone or "",
            email=email or "",
            language=language or "",
            identifiers=identifiers or (),
            etag=etag,
        )
        mask = given(
            name=name, birth_date=birth_date, phone=phone, email=email, language=language, identifiers=identifiers
        )
        request = pb.UpdatePatientRequest(
            patient_id=patient_id, patient=new, update_mask=mask, reason=reason, request_id=write_id(request_id)
        )
        return await self._call(self._stub(DirectoryServiceStub).UpdatePatient, request)

    @ClientMethod
    async def confirm_contact(self, patient_id: str, code: str, *, request_id: str = "") -> pb.ConfirmContactResponse:
        """Confirm a new email address or phone number with the code sent to it (Refused, NotFound, NotAllowed)."""
        request = pb.ConfirmContactRequest(patient_id=patient_id, code=code, request_id=write_id(request_id))
        return await self._call(self._stub(DirectoryServiceStub).ConfirmContact, request)

    @ClientMethod
    async def confirm_contact_by_link(self, link_token: str) -> pb.ConfirmContactByLinkResponse:
        """Confirm a new address by what follows `#address=` in the link; needs no sign-in (Refused)."""
        request = pb.ConfirmContactByLinkRequest(link_token=link_token)
        return await self._call_openly(self._stub(DirectoryServiceStub).ConfirmContactByLink, request)

    @ClientMethod
    async def search_patients(
        self,
        *,
        identifier: Identifier | None = None,
        name: str = "",
        birth_date: Day | None = None,
        phone: str = "",
        language: str = "",
        size: int = 0,
        page_token: str = "",
    ) -> pb.SearchPatientsResponse:
        """A page of the patients with an identifier, or with parts of a name, a birth date, last digits of a number.

        A birth date may be a text of YYYY-MM or YYYY. (NotAllowed, InvalidRequest: too many match.)
        """
        request = pb.SearchPatientsRequest(
            identifier=identifier,
            name=name,
            birth_date=day_text(birth_date),
            phone=phone,
            language=language,
            size=size,
            page_token=page_token,
        )
        return await self._call(self._stub(DirectoryServiceStub).SearchPatients, request)

    @ClientMethod
    async def reserve_identifier_system(self, system: str) -> None:
        """Let only imports write identifiers of a system; for admins (NotAllowed)."""
        request = pb.ReserveIdentifierSystemRequest(system=system)
        await self._call(self._stub(DirectoryServiceStub).ReserveIdentifierSystem, request)

    @ClientMethod
    async def release_identifier_system(self, system: str) -> None:
        """Let others write identifiers of a system again; for admins (NotAllowed: also for an importer's own)."""
        request = pb.ReleaseIdentifierSystemRequest(system=system)
        await self._call(self._stub(DirectoryServiceStub).ReleaseIdentifierSystem, request)

    patients = Rows(search_patients, lambda page: page.patients)


def given(**values: object) -> FieldMask:
    """The mask of an update: the names of what is not None."""
    return FieldMask(paths=[name for name, value in values.items() if value is not None])
