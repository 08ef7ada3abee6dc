"""Rooms and devices of clinics, and the appointments that occupy them."""

from sqlalchemy import Boolean, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

resources = Table(
    "resources",
    metadata,
    not_null("id", UUID),
    reference("resources", "clinic"),
    # Those of a clinic and kind are interchangeable.
    not_null("kind", Text(), check("resources_kind_length", "length(kind) BETWEEN 1 AND 50")),
    not_null("name", Text(), check("resources_name_length", "length(name) BETWEEN 1 AND 100")),
    not_null("active", Boolean()),
    not_null("version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    PrimaryKeyConstraint("id", name="resources_pkey"),
    UniqueConstraint("clinic_id", "name", name="resources_one_name"),
)
Index("resources_by_kind", resources.c.clinic_id, resources.c.kind, resources.c.id)

appointment_resources = Table(
    "appointment_resources",
    metadata,
    reference("appointment_resources", "appointment"),
    reference("appointment_resources", "resource"),
    not_null("during", TSTZRANGE()),
    # False once the appointment no longer occupies it.
    not_null("active", Boolean()),
    PrimaryKeyConstraint("appointment_id", "resource_id", name="appointment_resources_pkey"),
    ExcludeConstraint(
        ("resource_id", "="), ("during", "&&"), name="appointment_resources_no_overlap", where=text("active")
    ),
)
