"""ScheduleService: free slots and working hours."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing

from google.protobuf.field_mask_pb2 import FieldMask

from yoyaku.errors import YoyakuError
from yoyaku.methods import ClientMethod, Each
from yoyaku.services.time_off import exceptions_of
from yoyaku.streams import StreamCalls
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_type_pb2 import AppointmentType, AppointmentTypeAudience
from yoyaku.v1.resource_pb2 import Resource
from yoyaku.v1.schedule_pb2 import ScheduleDay, Session
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from yoyaku.v1.time_off_pb2 import TimeOffAction
from yoyaku.wire import Day, day_text, write_id


class ScheduleCalls(StreamCalls):
    """The calls of ScheduleService."""

    @ClientMethod
    async def list_available_slots(
        self, doctor_id: str, date: Day, *, min_revision: int = 0, appointment_type_id: str = ""
    ) -> pb.ListAvailableSlotsResponse:
        """A doctor's free slots on a day, and the day's `revision` (NotFound; Refused if it is below min_revision).

        With a type, the visits of that type that could be booked.
        """
        request = pb.ListAvailableSlotsRequest(
            doctor_id=doctor_id,
            date=day_text(date),
            min_revision=min_revision,
            appointment_type_id=appointment_type_id,
        )
        return await self._call(self._stub(ScheduleServiceStub).ListAvailableSlots, request)

    @ClientMethod
    async def search_available_slots(
        self,
        *,
        from_date: Day,
        to_date: Day,
        clinic_id: str = "",
        specialty: str = "",
        appointment_type_id: str = "",
        limit: int = 0,
    ) -> pb.SearchAvailableSlotsResponse:
        """The earliest free slots of the doctors of a clinic, a specialty, or both."""
        request = pb.SearchAvailableSlotsRequest(
            clinic_id=clinic_id,
            specialty=specialty,
            appointment_type_id=appointment_type_id,
            from_date=day_text(from_date),
            to_date=day_text(to_date),
            limit=limit,
        )
        return await self._call(self._stub(ScheduleServiceStub).SearchAvailableSlots, request)

    @ClientMethod
    async def list_available_days(
        self, *, from_date: Day, to_date: Day, doctor_id: str = "", clinic_id: str = "", specialty: str = ""
    ) -> pb.ListAvailableDaysResponse:
        """How many slots are free on each of up to 62 days: a doctor's, or those of a clinic's doctors (NotFound)."""
        request = pb.ListAvailableDaysRequest(
            doctor_id=doctor_id,
            clinic_id=clinic_id,
            specialty=specialty,
            from_date=day_text(from_date),
            to_date=day_text(to_date),
        )
        return await self._call(self._stub(ScheduleServiceStub).ListAvailableDays, request)

    @ClientMethod
    async def get_schedule(self, doctor_id: str) -> pb.GetScheduleResponse:
        """A doctor's working hours, present and planned (NotFound)."""
        return await self._call(self._stub(ScheduleServiceStub).GetSchedule, pb.GetScheduleRequest(doctor_id=doctor_id))

    @ClientMethod
    async def set_working_hours(
        self,
        doctor_id: str,
        *,
        valid_from: Day,
        sessions: Iterable[Session],
        etag: str = "",
        validate_only: bool = False,
        action: "TimeOffAction.ValueType" = TimeOffAction.TIME_OFF_ACTION_KEEP,
        exceptions: "Mapping[str, TimeOffAction.ValueType] | None" = None,
        request_id: str = "",
    ) -> pb.SetWorkingHoursResponse:
        """Set a doctor's weekly sessions from a date on (NotAllowed, Refused, EtagMismatch).

        `action` and `exceptions` say what becomes of the appointments that they leave outside; with `validate_only`
        nothing is changed, and these are named.
        """
        request = pb.SetWorkingHoursRequest(
            doctor_id=doctor_id,
            valid_from=day_text(valid_from),
            sessions=sessions,
            etag=etag,
            validate_only=validate_only,
            action=action,
            exceptions=exceptions_of(exceptions),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).SetWorkingHours, request)

    @ClientMethod
    async def list_appointment_types(self, clinic_id: str) -> pb.ListAppointmentTypesResponse:
        """The types of appointment of a clinic, by name (NotAllowed)."""
        request = pb.ListAppointmentTypesRequest(clinic_id=clinic_id)
        return await self._call(self._stub(ScheduleServiceStub).ListAppointmentTypes, request)

    @ClientMethod
    async def create_appointment_type(
        self,
        *,
        clinic_id: str,
        name: str,
        minutes: int,
        name_ja: str = "",
        buffer_minutes: int = 0,
        staff_only: bool = False,
        audience: "AppointmentTypeAudience.ValueType" = AppointmentTypeAudience.APPOINTMENT_TYPE_AUDIENCE_ALL,
        resource_kinds: Iterable[str] = (),
        request_id: str = "",
    ) -> pb.CreateAppointmentTypeResponse:
        """Add a type of appointment to a clinic (NotAllowed, NotFound, AlreadyExists)."""
        request = pb.CreateAppointmentTypeRequest(
            clinic_id=clinic_id,
            name=name,
            name_ja=name_ja,
            minutes=minutes,
            buffer_minutes=buffer_minutes,
            staff_only=staff_only,
            audience=audience,
            resource_kinds=resource_kinds,
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).CreateAppointmentType, request)

    @ClientMethod
    async def update_appointment_type(
        self,
        appointment_type_id: str,
        new: AppointmentType,
        *,
        fields: Iterable[str] = (),
        request_id: str = "",
    ) -> pb.UpdateAppointmentTypeResponse:
        """Change the named fields of a type, or those that `new` sets (NotAllowed, NotFound, EtagMismatch)."""
        request = pb.UpdateAppointmentTypeRequest(
            appointment_type_id=appointment_type_id,
            appointment_type=new,
            update_mask=FieldMask(paths=fields),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).UpdateAppointmentType, request)

    @ClientMethod
    async def list_resources(self, clinic_id: str) -> pb.ListResourcesResponse:
        """The rooms and devices of a clinic, by kind and name (NotAllowed)."""
        request = pb.ListResourcesRequest(clinic_id=clinic_id)
        return await self._call(self._stub(ScheduleServiceStub).ListResources, request)

    @ClientMethod
    async def create_resource(
        self, *, clinic_id: str, kind: str, name: str, request_id: str = ""
    ) -> pb.CreateResourceResponse:
        """Add a room or a device to a clinic (NotAllowed, NotFound, AlreadyExists)."""
        request = pb.CreateResourceRequest(clinic_id=clinic_id, kind=kind, name=name, request_id=write_id(request_id))
        return await self._call(self._stub(ScheduleServiceStub).CreateResource, request)

    @ClientMethod
    async def update_resource(
        self, resource_id: str, new: Resource, *, fields: Iterable[str] = (), request_id: str = ""
    ) -> pb.UpdateResourceResponse:
        """Change the named fields of a resource, or those that `new` sets (NotAllowed, NotFound, EtagMismatch)."""
        request = pb.UpdateResourceRequest(
            resource_id=resource_id,
            resource=new,
            update_mask=FieldMask(paths=fields),
            request_id=write_id(request_id),
        )
        return await self._call(self._stub(ScheduleServiceStub).UpdateResource, request)

    @Each
    async def watch_slots(
        self,
        doctor_ids: Iterable[str] = (),
        *,
        clinic_id: str = "",
        date: Day | None = None,
        lost: Callable[[YoyakuError], None] = lambda _: None,
    ) -> AsyncGenerator[ScheduleDay, None]:
        """The days of doctors, or of all who take bookings at a clinic: first as they are, then after each change.

        Each message has a whole day. Without a date, the day is today in the doctor's time zone. It survives lost
        connections; for each doctor and date, (epoch, revision) only rises (InvalidRequest, NotFound, NotAllowed).
        `lost` is called whenever the server cannot be reached for now; days come again once it can.
        """
        request = pb.WatchSlotsRequest(doctor_ids=doctor_ids, clinic_id=clinic_id, date=day_text(date))
        newest: dict[str, tuple[str, int, int]] = {}
        name = "yoyaku.v1.ScheduleService/WatchSlots"
        watching = self._watch(name, self._stub(ScheduleServiceStub).WatchSlots, lambda: request, lost)
        async with aclosing(watching) as messages:
            async for message in messages:
                day = message.day
                version = (day.date, day.epoch, day.revision)
                # After a lost connection another server may be slightly behind.
                if message.HasField("day") and version >= newest.get(day.doctor_id, version):
                    newest[day.doctor_id] = version
                    yield day
