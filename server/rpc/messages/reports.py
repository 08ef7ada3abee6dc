"""The messages of reports, and their form as a file for spreadsheets."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import TypeVar

from google.protobuf.message import Message

from server.domain.booking.reports import Attendance, Grouping, Utilization, Waits
from server.rpc.messages.convert import to_date
from server.usecases.reports.figures import ReportQuery, ReportTable
from server.usecases.reports.read import ClinicDay
from yoyaku.v1 import report_messages_pb2 as pb
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.report_pb2 import NoShowFigures, ReportGrouping, UtilizationFigures, WaitFigures

Asked = pb.GetUtilizationRequest | pb.GetWaitsRequest | pb.GetNoShowsRequest | pb.ExportReportRequest
F = TypeVar("F", Utilization, Waits, Attendance)
M = TypeVar("M", bound=Message)

_GROUPINGS = {
    ReportGrouping.REPORT_GROUPING_UNSPECIFIED: Grouping.DAY,
    ReportGrouping.REPORT_GROUPING_DAY: Grouping.DAY,
    ReportGrouping.REPORT_GROUPING_DOCTOR: Grouping.DOCTOR,
    ReportGrouping.REPORT_GROUPING_APPOINTMENT_TYPE: Grouping.TYPE,
    ReportGrouping.REPORT_GROUPING_HOUR: Grouping.HOUR,
}
_WIDE = "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
_FORMULA = tuple(f"=+-@\t\r\n{_WIDE}")
"""Spreadsheets take a text that begins so for a formula, and run it; those of Japan also with a wide character."""


def from_days(request: Asked) -> ReportQuery:
    """Which days a request asks for (INVALID_REQUEST)."""
    return ReportQuery(
        request.clinic_id.lower(),
        to_date("from_date", request.from_date),
        to_date("to_date", request.to_date),
        _GROUPINGS[request.group_by],
        request.doctor_id.lower(),
    )


def to_utilization(row: Utilization) -> UtilizationFigures:
    """How much of the hours was booked."""
    return UtilizationFigures(
        key=row.key,
        name=row.name,
        offered_minutes=row.offered_seconds // 60,
        booked_minutes=row.booked_seconds // 60,
        attended_minutes=row.attended_seconds // 60,
        appointments=row.appointments,
        utilization=_share(row.utilization),
    )


def to_waits(row: Waits) -> WaitFigures:
    """How long patients waited."""
    return WaitFigures(
        key=row.key,
        name=row.name,
        called=row.called,
        not_called=row.not_called,
        mean_minutes=_minutes(row.mean),
        median_minutes=_minutes(row.median),
        p90_minutes=_minutes(row.p90),
        longest_minutes=_minutes(row.longest),
    )


def to_no_shows(row: Attendance) -> NoShowFigures:
    """What became of appointments."""
    return NoShowFigures(
        key=row.key,
        name=row.name,
        appointments=row.appointments,
        attended=row.attended,
        no_shows=row.no_shows,
        unresolved=row.unresolved,
        cancelled=row.cancelled,
        late_cancellations=row.late_cancellations,
        late_moves=row.late_moves,
        no_show_rate=_share(row.rate),
    )


def to_clinic_day(day: ClinicDay) -> pb.GetClinicDayResponse:
    """A clinic's day; a doctor without any figure is left out."""
    response = pb.GetClinicDayResponse(
        clinic_id=day.clinic_id,
        date=day.date.isoformat(),
        time_zone=day.time_zone,
        statuses=[
            pb.StatusCount(
                status=AppointmentStatus.Value(f"APPOINTMENT_STATUS_{row.status.upper()}"),
                appointments=row.appointments,
            )
            for row in day.statuses
        ],
        utilization=to_utilization(day.utilization.total),
        waits=to_waits(day.waits.total),
        no_shows=to_no_shows(day.no_shows.total),
    )
    booked = {row.key: to_utilization(row) for row in day.utilization.rows}
    waited = {row.key: to_waits(row) for row in day.waits.rows}
    missed = {row.key: to_no_shows(row) for row in day.no_shows.rows}
    for key in sorted(booked.keys() | waited.keys() | missed.keys(), key=lambda each: (day.names.get(each, ""), each)):
        response.doctors.add(
            doctor_id=key,
            name=day.names.get(key, ""),
            utilization=booked.get(key),
            waits=waited.get(key),
            no_shows=missed.get(key),
        )
    return response


def to_csv(report: ReportTable[F], to_row: Callable[[F], M]) -> bytes:
    """A report as a file: a line of names, its rows, and the totals."""
    total = to_row(report.total)
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(field.name for field in total.DESCRIPTOR.fields)
    lines.writerows(_cells(to_row(row)) for row in report.rows)
    _, *figures = _cells(total)
    lines.writerow(["total", *figures])
    # Without the mark, Excel takes UTF-8 for the machine's old code page, and names in Japanese are lost.
    return written.getvalue().encode("utf-8-sig")


def _cells(row: Message) -> Iterator[str]:
    for field in row.DESCRIPTOR.fields:
        is_set = not field.has_presence or row.HasField(field.name)
        text = str(getattr(row, field.name)) if is_set else ""
        yield f"'{text}" if text.startswith(_FORMULA) else text


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
