"""DirectoryService: adding and changing clinics."""

from collections.abc import Iterable, Mapping
from typing import Any

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod
from yoyaku.services.directory import given
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.clinic_pb2 import BookingPolicy, Clinic, RepresentativePolicy
from yoyaku.v1.directory_service_pb2_grpc import DirectoryServiceStub
from yoyaku.wire import Day, day_text, write_id


class ClinicCalls(ServiceCalls):
    """The calls with which admins set up clinics."""

    @ClientMethod
    async def get_clinic(self, clinic_id: str) -> pb.GetClinicResponse:
        """One clinic (NotFound)."""
        return await self._call(self._stub(DirectoryServiceStub).GetClinic, pb.GetClinicRequest(clinic_id=clinic_id))

    @ClientMethod
    async def create_clinic(
        self,
        *,
        name: str,
        time_zone: str,
        policy: BookingPolicy | None = None,
        representative_policy: RepresentativePolicy | None = None,
        address: str = "",
        phone: str = "",
        languages: Iterable[str] = (),
        holidays: Iterable[Day] = (),
        public_browsing: bool = False,
        request_id: str = "",
    ) -> pb.CreateClinicResponse:
        """Add a clinic, with the usual rules unless a policy gives all of its own (NotAllowed)."""
        request = pb.CreateClinicRequest(
            name=name,
            time_zone=time_zone,
            policy=policy,
            representative_policy=representative_policy,
            address=address,
            phone=phone,
            languages=languages,
            holidays=map(day_text, holidays),
            public_browsing=public_browsing,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).CreateClinic, request)

    @ClientMethod
    async def update_clinic(
        self,
        clinic_id: str,
        *,
        name: str | None = None,
        time_zone: str | None = None,
        address: str | None = None,
        phone: str | None = None,
        languages: Iterable[str] | None = None,
        holidays: Iterable[Day] | None = None,
        public_browsing: bool | None = None,
        horizon_days: int | None = None,
        min_notice_minutes: int | None = None,
        cancel_by_minutes: int | None = None,
        max_per_patient_day: int | None = None,
        buffer_minutes: int | None = None,
        max_open_appointments: int | None = None,
        representatives_until_age: int | None = None,
        representatives_see_records_until_age: int | None = None,
        validate_only: bool = False,
        etag: str = "",
        request_id: str = "",
    ) -> pb.UpdateClinicResponse:
        """Change what is given of a clinic; `validate_only` only says what would change (NotFound, EtagMismatch)."""
        policy = {
            "horizon_days": horizon_days, "min_notice_minutes": min_notice_minutes,
            "cancel_by_minutes": cancel_by_minutes, "max_per_patient_day": max_per_patient_day,
            "buffer_minutes": buffer_minutes, "max_open_appointments": max_open_appointments,
        }  # fmt: skip
        ages = {"until_age": representatives_until_age, "see_records_until_age": representatives_see_records_until_age}
        plain = {
            "name": name, "time_zone": time_zone, "address": address, "phone": phone, "languages": languages,
            "holidays": None if holidays is None else [day_text(day) for day in holidays],
            "public_browsing": public_browsing,
        }  # fmt: skip
        request = pb.UpdateClinicRequest(
            clinic_id=clinic_id,
            clinic=Clinic(
                **_set(plain),
                policy=BookingPolicy(**_set(policy)),
                representative_policy=RepresentativePolicy(**_set(ages)),
                etag=etag,
            ),
            update_mask=given(**plain, **_under("policy", policy), **_under("representative_policy", ages)),
            validate_only=validate_only,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(DirectoryServiceStub).UpdateClinic, request)

    @ClientMethod
    async def list_policies(self, clinic_id: str, *, language: str = "") -> pb.ListPoliciesResponse:
        """The rules of a clinic for bookings, in words (NotFound)."""
        request = pb.ListPoliciesRequest(clinic_id=clinic_id, language=language)
        return await self._call(self._stub(DirectoryServiceStub).ListPolicies, request)


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are given."""
    return {name: value for name, value in values.items() if value is not None}


def _under(name: str, rules: Mapping[str, int | None]) -> dict[str, int | None]:
    """Rules by the names that they have in a mask."""
    return {f"{name}.{rule}": value for rule, value in rules.items()}
