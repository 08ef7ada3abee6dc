"""Types of appointment as messages."""

from db.postgres.booking.appointment_types import AppointmentTypeRow
from server import person_rules
from server.domain.booking.appointment_types import Audience
from server.domain.etags import etag_of
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.usecases.schedules.appointment_types import TypeChange
from yoyaku.v1 import appointment_type_pb2
from yoyaku.v1 import schedule_service_pb2 as pb

_FIELDS = ("name", "name_ja", "minutes", "buffer_minutes", "staff_only", "audience", "active", "resource_kinds")
_PREFIX = "APPOINTMENT_TYPE_AUDIENCE_"


def to_type(row: AppointmentTypeRow) -> appointment_type_pb2.AppointmentType:
    """A type as a message."""
    return appointment_type_pb2.AppointmentType(
        id=row.id,
        clinic_id=row.clinic_id,
        name=row.name,
        name_ja=row.name_ja,
        minutes=row.minutes,
        buffer_minutes=row.buffer_minutes,
        staff_only=row.staff_only,
        audience=appointment_type_pb2.AppointmentTypeAudience.Value(f"{_PREFIX}{row.audience.upper()}"),
        active=row.active,
        etag=etag_of(row.version),
        resource_kinds=row.resource_kinds,
    )


def new_type(request: pb.CreateAppointmentTypeRequest) -> AppointmentTypeRow:
    """The type that a request adds, without an id (INVALID_REQUEST)."""
    return AppointmentTypeRow(
        id="",
        clinic_id=request.clinic_id.lower(),
        name=checked("name", person_rules.name, request.name, ""),
        name_ja=checked("name_ja", person_rules.name, request.name_ja, ""),
        minutes=request.minutes,
        buffer_minutes=request.buffer_minutes,
        staff_only=request.staff_only,
        audience=_audience(request.audience),
        active=True,
        resource_kinds=sorted(request.resource_kinds),
    )


def type_change(request: pb.UpdateAppointmentTypeRequest) -> TypeChange:
    """The change that a request makes (INVALID_REQUEST)."""
    new = request.appointment_type
    check_same_id("appointment_type.id", new.id, request.appointment_type_id)
    fields = fields_to_change(request.update_mask, new, _FIELDS)
    equivalent = pb.CreateAppointmentTypeRequest(
        name=new.name,
        name_ja=new.name_ja,
        minutes=new.minutes,
        buffer_minutes=new.buffer_minutes,
        audience=new.audience,
        resource_kinds=new.resource_kinds,
    )
    validate_fields(equivalent, fields, "appointment_type")
    values = {
        "name": checked("appointment_type.name", person_rules.name, new.name, ""),
        "name_ja": checked("appointment_type.name_ja", person_rules.name, new.name_ja, ""),
        "minutes": new.minutes,
        "buffer_minutes": new.buffer_minutes,
        "staff_only": new.staff_only,
        "audience": _audience(new.audience),
        "active": new.active,
        "resource_kinds": sorted(new.resource_kinds),
    }
    return TypeChange(request.appointment_type_id.lower(), {field: values[field] for field in fields}, new.etag)


def type_created(row: AppointmentTypeRow) -> pb.CreateAppointmentTypeResponse:
    """The answer to a request that adds a type."""
    return pb.CreateAppointmentTypeResponse(appointment_type=to_type(row))


def type_updated(row: AppointmentTypeRow) -> pb.UpdateAppointmentTypeResponse:
    """The answer to a request that changes a type."""
    return pb.UpdateAppointmentTypeResponse(appointment_type=to_type(row))


def _audience(value: "appointment_type_pb2.AppointmentTypeAudience.ValueType") -> str:
    name = appointment_type_pb2.AppointmentTypeAudience.Name(value).removeprefix(_PREFIX).lower()
    return Audience.ALL.value if name == "unspecified" else name
