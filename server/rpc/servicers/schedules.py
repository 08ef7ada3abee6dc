"""ScheduleService."""

from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import grpc

from server.rpc.calls.current_call import caller, set_etag, set_location
from server.rpc.calls.idempotent_write import idempotent_write
from server.rpc.calls.streaming import watcher
from server.rpc.messages.appointment_types import new_type, to_type, type_change, type_created, type_updated
from server.rpc.messages.convert import to_date, to_optional_date, to_slot
from server.rpc.messages.resources import new_resource, resource_change, resource_created, resource_updated, to_resource
from server.rpc.messages.schedules import hours_set, new_hours, to_schedule
from server.rpc.servicers.time_off import TimeOffServicer
from server.usecases.move_offers.by_staff import OffersByStaff
from server.usecases.move_offers.read import MoveOfferReader
from server.usecases.schedules.appointment_types import AppointmentTypes
from server.usecases.schedules.availability import Availability
from server.usecases.schedules.available_days import AvailableDays, DaysWanted
from server.usecases.schedules.extra_sessions import ExtraSessions
from server.usecases.schedules.resources import Resources
from server.usecases.schedules.search import FoundSlot, SlotFinder, SlotSearch
from server.usecases.schedules.watch import SlotWatch, Watched
from server.usecases.schedules.working_hours import WorkingHours
from server.usecases.time_off.new_hours import HoursSetter
from server.usecases.time_off.read import TimeOffReader
from server.usecases.time_off.write import TimeOffWriter
from yoyaku.v1 import clinic_pb2, doctor_pb2, schedule_pb2
from yoyaku.v1 import schedule_service_pb2 as pb


class ScheduleServicer(TimeOffServicer):
    """Lists free slots and working hours, streams days as they change, and sets working hours."""

    def __init__(
        self,
        availability: Availability,
        finder: SlotFinder,
        available_days: AvailableDays,
        slot_watch: SlotWatch,
        working_hours: WorkingHours,
        hours_setter: HoursSetter,
        appointment_types: AppointmentTypes,
        resources: Resources,
        extra_sessions: ExtraSessions,
        time_off: TimeOffReader,
        time_off_writer: TimeOffWriter,
        move_offers: MoveOfferReader,
        offers_by_staff: OffersByStaff,
    ) -> None:
        self._availability = availability
        self._finder = finder
        self._available_days = available_days
        self._slot_watch = slot_watch
        self._working_hours = working_hours
        self._hours_setter = hours_setter
        self._appointment_types = appointment_types
        self._resources = resources
        self._extra_sessions = extra_sessions
        self._time_off = time_off
        self._time_off_writer = time_off_writer
        self._move_offers = move_offers
        self._offers_by_staff = offers_by_staff

    def ListAvailableSlots(  # type: ignore[override]  # ready bytes
        self, request: pb.ListAvailableSlotsRequest, context: object
    ) -> Coroutine[Any, Any, bytes]:
        day, doctor_id = to_date("date", request.date), request.doctor_id.lower()
        if request.appointment_type_id:
            type_id = request.appointment_type_id.lower()
            return self._availability.list_visits(caller(), doctor_id, day, type_id, request.min_revision)
        return self._availability.list_slots(caller(), doctor_id, day, request.min_revision)

    async def SearchAvailableSlots(
        self, request: pb.SearchAvailableSlotsRequest, context: object
    ) -> pb.SearchAvailableSlotsResponse:
        search = SlotSearch(
            clinic_id=request.clinic_id.lower(),
            specialty=request.specialty.strip(),
            first=to_date("from_date", request.from_date),
            last=to_date("to_date", request.to_date),
            limit=request.limit or DEFAULT_LIMIT,
            type_id=request.appointment_type_id.lower(),
        )
        return pb.SearchAvailableSlotsResponse(slots=map(_found, await self._finder.earliest(caller(), search)))

    async def ListAvailableDays(
        self, request: pb.ListAvailableDaysRequest, context: object
    ) -> pb.ListAvailableDaysResponse:
        wanted = DaysWanted(
            doctor_id=request.doctor_id.lower(),
            clinic_id=request.clinic_id.lower(),
            specialty=request.specialty.strip(),
            first=to_date("from_date", request.from_date),
            last=to_date("to_date", request.to_date),
        )
        counts = await self._available_days.list(caller(), wanted)
        return pb.ListAvailableDaysResponse(
            days=[
                pb.AvailableDay(date=each.date.isoformat(), slots_free=each.free, slots_total=each.total)
                for each in counts
            ]
        )

    def WatchSlots(  # type: ignore[override]  # bytes, see server.rpc.calls.streaming
        self, request: pb.WatchSlotsRequest, context: grpc.aio.ServicerContext[pb.WatchSlotsRequest, bytes]
    ) -> AsyncGenerator[bytes, None]:
        watched = Watched(
            doctor_ids=[each.lower() for each in request.doctor_ids],
            clinic_id=request.clinic_id.lower(),
            day=to_optional_date("date", request.date),
            count=request.days or 1,
        )
        return self._slot_watch.watch(watcher(context), watched)

    async def GetSchedule(self, request: pb.GetScheduleRequest, context: object) -> pb.GetScheduleResponse:
        schedule = await self._working_hours.get(caller(), request.doctor_id.lower())
        response = pb.GetScheduleResponse(schedule=to_schedule(schedule))
        set_etag(response.schedule.etag)
        return response

    async def SetWorkingHours(self, request: pb.SetWorkingHoursRequest, context: object) -> pb.SetWorkingHoursResponse:
        hours = new_hours(request)
        if request.validate_only:
            return hours_set(await self._hours_setter.preview(caller(), hours))
        write = idempotent_write(caller(), request, request.request_id, hours_set, pb.SetWorkingHoursResponse)
        response = await self._hours_setter.set(caller(), hours, write)
        set_etag(response.schedule.etag)
        return response

    async def ListAppointmentTypes(
        self, request: pb.ListAppointmentTypesRequest, context: object
    ) -> pb.ListAppointmentTypesResponse:
        rows = await self._appointment_types.list(caller(), request.clinic_id.lower())
        return pb.ListAppointmentTypesResponse(appointment_types=map(to_type, rows))

    async def CreateAppointmentType(
        self, request: pb.CreateAppointmentTypeRequest, context: object
    ) -> pb.CreateAppointmentTypeResponse:
        write = idempotent_write(caller(), request, request.request_id, type_created, pb.CreateAppointmentTypeResponse)
        response = await self._appointment_types.create(caller(), new_type(request), write)
        set_location(f"/api/appointment-types/{response.appointment_type.id}", response.appointment_type.etag)
        return response

    async def UpdateAppointmentType(
        self, request: pb.UpdateAppointmentTypeRequest, context: object
    ) -> pb.UpdateAppointmentTypeResponse:
        write = idempotent_write(caller(), request, request.request_id, type_updated, pb.UpdateAppointmentTypeResponse)
        response = await self._appointment_types.update(caller(), type_change(request), write)
        set_etag(response.appointment_type.etag)
        return response

    async def ListResources(self, request: pb.ListResourcesRequest, context: object) -> pb.ListResourcesResponse:
        rows = await self._resources.list(caller(), request.clinic_id.lower())
        return pb.ListResourcesResponse(resources=map(to_resource, rows))

    async def CreateResource(self, request: pb.CreateResourceRequest, context: object) -> pb.CreateResourceResponse:
        write = idempotent_write(caller(), request, request.request_id, resource_created, pb.CreateResourceResponse)
        response = await self._resources.create(caller(), new_resource(request), write)
        set_location(f"/api/resources/{response.resource.id}", response.resource.etag)
        return response

    async def UpdateResource(self, request: pb.UpdateResourceRequest, context: object) -> pb.UpdateResourceResponse:
        write = idempotent_write(caller(), request, request.request_id, resource_updated, pb.UpdateResourceResponse)
        response = await self._resources.update(caller(), resource_change(request), write)
        set_etag(response.resource.etag)
        return response


def _found(found: FoundSlot) -> schedule_pb2.FoundSlot:
    offer = found.offer
    return schedule_pb2.FoundSlot(
        doctor=doctor_pb2.DoctorRef(id=offer.doctor_id, name=offer.doctor_name, specialty=offer.specialty),
        clinic=clinic_pb2.ClinicRef(id=offer.clinic_id, name=offer.clinic_name, time_zone=offer.time_zone),
        date=found.slot.date.isoformat(),
        slot=to_slot(found.slot),
    )


DEFAULT_LIMIT = 10
