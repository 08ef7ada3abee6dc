"""AppointmentService: series."""

from server.rpc.calls.current_call import caller
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.messages.series import new_series, series_booked, series_cancelled, series_move, series_moved
from server.rpc.servicers.appointment_status import AppointmentStatusServicer
from server.usecases.appointments.series.cancel import SeriesCanceller
from server.usecases.appointments.series.create import SeriesBooker
from server.usecases.appointments.series.move import SeriesMover
from yoyaku.v1 import appointment_service_pb2 as pb


class AppointmentSeriesServicer(AppointmentStatusServicer):
    """The methods of AppointmentService that book, move and cancel series."""

    _series: SeriesBooker
    _series_mover: SeriesMover
    _series_canceller: SeriesCanceller

    async def CreateAppointmentSeries(
        self, request: pb.CreateAppointmentSeriesRequest, context: object
    ) -> pb.CreateAppointmentSeriesResponse:
        made = pb.CreateAppointmentSeriesResponse
        write = idempotent_write(caller(), request, request.request_id, series_booked, made)
        return await self._series.create(caller(), new_series(request), write)

    async def RescheduleAppointmentSeries(
        self, request: pb.RescheduleAppointmentSeriesRequest, context: object
    ) -> pb.RescheduleAppointmentSeriesResponse:
        made = pb.RescheduleAppointmentSeriesResponse
        write = idempotent_write(caller(), request, request.request_id, series_moved, made)
        return await self._series_mover.move(caller(), series_move(request), write)

    async def CancelAppointmentSeries(
        self, request: pb.CancelAppointmentSeriesRequest, context: object
    ) -> pb.CancelAppointmentSeriesResponse:
        made = pb.CancelAppointmentSeriesResponse
        write = idempotent_write(caller(), request, request.request_id, series_cancelled, made)
        return await self._series_canceller.cancel(caller(), request.appointment_id.lower(), request.reason, write)
