"""What clinics offer beside plain slots: types of appointment."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

appointment_types = Table(
    "appointment_types",
    metadata,
    not_null("id", UUID),
    reference("appointment_types", "clinic"),
    not_null("name", Text(), check("appointment_types_name_length", "length(name) BETWEEN 1 AND 100")),
    # Empty if there is none.
    not_null("name_ja", Text(), check("appointment_types_name_ja_length", "length(name_ja) <= 100")),
    not_null("minutes", SmallInteger(), check("appointment_types_minutes_range", "minutes BETWEEN 5 AND 480")),
    not_null(
        "buffer_minutes", SmallInteger(), check("appointment_types_buffer_range", "buffer_minutes BETWEEN 0 AND 240")
    ),
    not_null("staff_only", Boolean()),
    # Which patients may book it.
    not_null("audience", Text(), check("appointment_types_audience_known", "audience IN ('all', 'new', 'known')")),
    not_null("active", Boolean()),
    not_null("version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    # Of each of these kinds it needs one resource.
    Column("resource_kinds", ARRAY(Text()), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("id", name="appointment_types_pkey"),
    UniqueConstraint("clinic_id", "name", name="appointment_types_one_name"),
)
