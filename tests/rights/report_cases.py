"""The cases of reports."""

from collections.abc import Sequence
from typing import Any

from tests.rights.case import Case
from tests.rights.world import Side, World
from yoyaku.v1 import report_service_pb2 as reports
from yoyaku.v1.report_pb2 import ReportKind


def _days(world: World, side: Side) -> dict[str, Any]:
    return {"clinic_id": side.clinic_id, "from_date": f"{world.today}", "to_date": f"{world.today}"}


REPORT_CASES: dict[str, Sequence[Case]] = {
    "ReportService/GetClinicDay": [Case(lambda _, s: reports.GetClinicDayRequest(clinic_id=s.clinic_id), public=True)],
    "ReportService/GetUtilization": [Case(lambda w, s: reports.GetUtilizationRequest(**_days(w, s)), public=True)],
    "ReportService/GetWaits": [Case(lambda w, s: reports.GetWaitsRequest(**_days(w, s)), public=True)],
    "ReportService/GetNoShows": [Case(lambda w, s: reports.GetNoShowsRequest(**_days(w, s)), public=True)],
    "ReportService/ExportReport": [
        Case(lambda w, s: reports.ExportReportRequest(report=ReportKind.REPORT_KIND_WAITS, **_days(w, s)), public=True)
    ],
}
