"""Resources as messages."""

from db.postgres.booking.resources import ResourceRow
from server import person_rules
from server.domain.etags import etag_of
from server.rpc.messages.updates import check_same_id, fields_to_change, validate_fields
from server.rpc.messages.validate import checked
from server.usecases.schedules.resources import ResourceChange
from yoyaku.v1 import resource_pb2
from yoyaku.v1 import schedule_service_pb2 as pb

_FIELDS = ("name", "active")


def to_resource(row: ResourceRow) -> resource_pb2.Resource:
    """A resource as a message."""
    return resource_pb2.Resource(
        id=row.id,
        clinic_id=row.clinic_id,
        kind=row.kind,
        name=row.name,
        active=row.active,
        etag=etag_of(row.version),
    )


def new_resource(request: pb.CreateResourceRequest) -> ResourceRow:
    """The resource that a request adds, without an id (INVALID_REQUEST)."""
    name = checked("name", person_rules.name, request.name, "")
    return ResourceRow("", request.clinic_id.lower(), request.kind, name, active=True)


def resource_change(request: pb.UpdateResourceRequest) -> ResourceChange:
    """The change that a request makes (INVALID_REQUEST)."""
    new = request.resource
    check_same_id("resource.id", new.id, request.resource_id)
    fields = fields_to_change(request.update_mask, new, _FIELDS)
    validate_fields(pb.CreateResourceRequest(name=new.name), fields, "resource")
    values = {"name": checked("resource.name", person_rules.name, new.name, ""), "active": new.active}
    return ResourceChange(request.resource_id.lower(), {field: values[field] for field in fields}, new.etag)


def resource_created(row: ResourceRow) -> pb.CreateResourceResponse:
    """The answer to a request that adds a resource."""
    return pb.CreateResourceResponse(resource=to_resource(row))


def resource_updated(row: ResourceRow) -> pb.UpdateResourceResponse:
    """The answer to a request that changes a resource."""
    return pb.UpdateResourceResponse(resource=to_resource(row))
