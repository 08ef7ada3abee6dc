"""ReportService: figures about a clinic's days."""

from datetime import date
from typing import Any

from google.api.httpbody_pb2 import HttpBody

from yoyaku.calls import ServiceCalls
from yoyaku.methods import ClientMethod
from yoyaku.v1 import report_service_pb2 as pb
from yoyaku.v1.report_pb2 import ReportGrouping, ReportKind
from yoyaku.v1.report_service_pb2_grpc import ReportServiceStub

_BY_DAY = ReportGrouping.REPORT_GROUPING_DAY


class ReportCalls(ServiceCalls):
    """The calls of ReportService; days from the first to the last, both included."""

    @ClientMethod
    async def get_clinic_day(self, clinic_id: str, day: date | None = None) -> pb.GetClinicDayResponse:
        """A clinic's day, today's unless another is given (NotFound, NotAllowed)."""
        request = pb.GetClinicDayRequest(clinic_id=clinic_id, date=str(day or ""))
        return await self._call(self._stub(ReportServiceStub).GetClinicDay, request)

    @ClientMethod
    async def get_utilization(
        self,
        clinic_id: str,
        first: date,
        last: date,
        *,
        group_by: "ReportGrouping.ValueType" = _BY_DAY,
        doctor_id: str = "",
    ) -> pb.GetUtilizationResponse:
        """How much of the working hours was booked (NotFound, NotAllowed)."""
        request = pb.GetUtilizationRequest(**_days(clinic_id, first, last, group_by, doctor_id))
        return await self._call(self._stub(ReportServiceStub).GetUtilization, request)

    @ClientMethod
    async def get_waits(
        self,
        clinic_id: str,
        first: date,
        last: date,
        *,
        group_by: "ReportGrouping.ValueType" = _BY_DAY,
        doctor_id: str = "",
    ) -> pb.GetWaitsResponse:
        """How long patients waited to be called (NotFound, NotAllowed)."""
        request = pb.GetWaitsRequest(**_days(clinic_id, first, last, group_by, doctor_id))
        return await self._call(self._stub(ReportServiceStub).GetWaits, request)

    @ClientMethod
    async def get_no_shows(
        self,
        clinic_id: str,
        first: date,
        last: date,
        *,
        group_by: "ReportGrouping.ValueType" = _BY_DAY,
        doctor_id: str = "",
        late_hours: int = 0,
    ) -> pb.GetNoShowsResponse:
        """Who did not come, or cancelled or moved late; 24 hours unless said otherwise (NotFound, NotAllowed)."""
        days = _days(clinic_id, first, last, group_by, doctor_id)
        request = pb.GetNoShowsRequest(**days, late_hours=late_hours)
        return await self._call(self._stub(ReportServiceStub).GetNoShows, request)

    @ClientMethod
    async def export_report(
        self,
        report: "ReportKind.ValueType",
        clinic_id: str,
        first: date,
        last: date,
        *,
        group_by: "ReportGrouping.ValueType" = _BY_DAY,
        doctor_id: str = "",
        late_hours: int = 0,
    ) -> HttpBody:
        """A report as a CSV file, in `data` (NotFound, NotAllowed)."""
        days = _days(clinic_id, first, last, group_by, doctor_id)
        request = pb.ExportReportRequest(report=report, **days, late_hours=late_hours)
        return await self._call(self._stub(ReportServiceStub).ExportReport, request)


def _days(
    clinic_id: str, first: date, last: date, group_by: "ReportGrouping.ValueType", doctor_id: str
) -> dict[str, Any]:
    """The fields that all reports over several days have."""
    return {
        "clinic_id": clinic_id,
        "from_date": str(first),
        "to_date": str(last),
        "group_by": group_by,
        "doctor_id": doctor_id,
    }
