"""ReportService."""

from google.api.httpbody_pb2 import HttpBody

from server.rpc.calls.current_call import caller
from server.rpc.messages.convert import to_optional_date
from server.rpc.messages.reports import from_days, to_clinic_day, to_csv, to_no_shows, to_utilization, to_waits
from server.usecases.reports.read import Reports
from yoyaku.v1 import report_service_pb2 as pb
from yoyaku.v1.report_pb2 import ReportKind
from yoyaku.v1.report_service_pb2_grpc import ReportServiceServicer


class ReportServicer(ReportServiceServicer):
    """Adds up clinics' days."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    async def GetClinicDay(self, request: pb.GetClinicDayRequest, context: object) -> pb.GetClinicDayResponse:
        day = to_optional_date("date", request.date)
        return to_clinic_day(await self._reports.clinic_day(caller(), request.clinic_id.lower(), day))

    async def GetUtilization(self, request: pb.GetUtilizationRequest, context: object) -> pb.GetUtilizationResponse:
        found = await self._reports.utilization(caller(), from_days(request))
        return pb.GetUtilizationResponse(rows=map(to_utilization, found.rows), total=to_utilization(found.total))

    async def GetWaits(self, request: pb.GetWaitsRequest, context: object) -> pb.GetWaitsResponse:
        found = await self._reports.waits(caller(), from_days(request))
        return pb.GetWaitsResponse(rows=map(to_waits, found.rows), total=to_waits(found.total))

    async def GetNoShows(self, request: pb.GetNoShowsRequest, context: object) -> pb.GetNoShowsResponse:
        found = await self._reports.no_shows(caller(), from_days(request), request.late_hours)
        return pb.GetNoShowsResponse(rows=map(to_no_shows, found.rows), total=to_no_shows(found.total))

    async def ExportReport(self, request: pb.ExportReportRequest, context: object) -> HttpBody:
        return HttpBody(content_type="text/csv; charset=utf-8", data=await self._file(request))

    async def _file(self, request: pb.ExportReportRequest) -> bytes:
        wanted = from_days(request)
        if request.report == ReportKind.REPORT_KIND_UTILIZATION:
            return to_csv(await self._reports.utilization(caller(), wanted), to_utilization)
        if request.report == ReportKind.REPORT_KIND_WAITS:
            return to_csv(await self._reports.waits(caller(), wanted), to_waits)
        return to_csv(await self._reports.no_shows(caller(), wanted, request.late_hours), to_no_shows)
