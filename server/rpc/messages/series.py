"""Series of appointments on the wire."""

from server.domain.booking.series import Frequency, Recurrence
from server.rpc.messages.bookings import day_revisions
from server.rpc.messages.convert import to_appointment, to_date
from server.rpc.messages.errors import status_of
from server.usecases.appointments.series.cancel import SeriesCancelled
from server.usecases.appointments.series.create import NewSeries, SeriesBooked
from server.usecases.appointments.series.move import SeriesMoved
from server.usecases.appointments.series.occurrences import Occurrence
from server.usecases.appointments.series.shifting import SeriesMove, SeriesStep
from yoyaku.v1 import appointment_service_pb2 as pb


def new_series(request: pb.CreateAppointmentSeriesRequest) -> NewSeries:
    """The series to book (INVALID_REQUEST)."""
    wanted = request.recurrence
    frequency = Frequency[pb.Frequency.Name(wanted.frequency).removeprefix("FREQUENCY_")]
    return NewSeries(
        request.patient_id.lower(),
        request.doctor_id.lower(),
        to_date("date", request.date),
        request.time_slot,
        Recurrence(frequency, wanted.interval or 1, wanted.count),
        request.reason,
        request.appointment_type_id.lower(),
        request.override_reason,
        skip_refused=request.skip_refused,
        validate_only=request.validate_only,
    )


def series_booked(done: SeriesBooked) -> pb.CreateAppointmentSeriesResponse:
    """The answer to a request that books a series."""
    return pb.CreateAppointmentSeriesResponse(
        series_id=done.series_id,
        occurrences=map(_occurrence, done.occurrences),
        day_revisions=day_revisions(done.revisions),
    )


def series_move(request: pb.RescheduleAppointmentSeriesRequest) -> SeriesMove:
    """The move to make (INVALID_REQUEST)."""
    return SeriesMove(
        request.appointment_id.lower(),
        to_date("date", request.date),
        request.time_slot,
        request.override_reason,
        skip_refused=request.skip_refused,
        validate_only=request.validate_only,
    )


def series_moved(done: SeriesMoved) -> pb.RescheduleAppointmentSeriesResponse:
    """The answer to a request that moves the rest of a series."""
    return pb.RescheduleAppointmentSeriesResponse(
        moves=map(_move, done.steps), day_revisions=day_revisions(done.revisions)
    )


def series_cancelled(done: SeriesCancelled) -> pb.CancelAppointmentSeriesResponse:
    """The answer to a request that cancels the rest of a series."""
    return pb.CancelAppointmentSeriesResponse(
        appointments=map(to_appointment, done.appointments), day_revisions=day_revisions(done.revisions)
    )


def _move(each: SeriesStep) -> pb.SeriesMove:
    to = each.to
    return pb.SeriesMove(
        appointment_id=each.row.id,
        date=to.date.isoformat(),
        time_slot=to.slot.time_slot,
        appointment=to_appointment(to.row) if to.row else None,
        error=status_of(to.refusal) if to.refusal else None,
    )


def _occurrence(each: Occurrence) -> pb.SeriesOccurrence:
    return pb.SeriesOccurrence(
        date=each.date.isoformat(),
        appointment=to_appointment(each.row) if each.row else None,
        error=status_of(each.refusal) if each.refusal else None,
    )
