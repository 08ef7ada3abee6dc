"""Clinics with their booking policies, and how they were before."""

from sqlalchemy import DDL, Boolean, Column, Date, Index, Integer, PrimaryKeyConstraint, Table, Text, event, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

clinics = Table(
    "clinics",
    metadata,
    not_null("id", UUID),
    not_null("name", Text(), check("clinics_name_length", "length(name) BETWEEN 1 AND 200")),
    not_null("time_zone", Text()),
    not_null("horizon_days", Integer(), check("clinics_horizon_days_range", "horizon_days BETWEEN 1 AND 730")),
    not_null("min_notice_minutes", Integer(), check("clinics_min_notice_range", "min_notice_minutes >= 0")),
    not_null("cancel_by_minutes", Integer(), check("clinics_cancel_by_range", "cancel_by_minutes >= 0")),
    not_null("max_per_patient_day", Integer(), check("clinics_max_per_patient_day_range", "max_per_patient_day >= 1")),
    not_null("buffer_minutes", Integer(), check("clinics_buffer_range", "buffer_minutes BETWEEN 0 AND 240")),
    # 0 for any number.
    Column(
        "max_open_appointments",
        Integer(),
        check("clinics_max_open_appointments_range", "max_open_appointments BETWEEN 0 AND 1000"),
        nullable=False,
        server_default="0",
    ),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    Column("address", Text(), nullable=False, server_default=""),
    Column("phone", Text(), nullable=False, server_default=""),
    # Of notices to people whose own language is not known, the first one.
    Column(
        "languages",
        ARRAY(Text()),
        check("clinics_languages_known", "cardinality(languages) BETWEEN 1 AND 2 AND languages <@ '{en,ja}'"),
        nullable=False,
        server_default="{en}",
    ),
    Column("version", Integer(), nullable=False, server_default=text("1")),
    # Days on which the clinic is closed, sorted.
    Column("holidays", ARRAY(Date()), nullable=False, server_default="{}"),
    # Whether anybody may look at it without signing in.
    Column("public_browsing", Boolean(), nullable=False, server_default=text("false")),
    # Ages of patients until which others act for minors, and until which these see records.
    Column(
        "representatives_until_age",
        Integer(),
        check("clinics_representatives_until_age_range", "representatives_until_age BETWEEN 0 AND 30"),
        nullable=False,
        server_default="18",
    ),
    Column(
        "representatives_see_records_until_age",
        Integer(),
        check("clinics_representatives_records_range", "representatives_see_records_until_age BETWEEN 0 AND 30"),
        nullable=False,
        server_default="16",
    ),
    PrimaryKeyConstraint("id", name="clinics_pkey"),
)
Index("clinics_by_name", clinics.c.name.collate("C"), clinics.c.id)

clinic_events = Table(
    "clinic_events",
    metadata,
    not_null("id", UUID),
    reference("clinic_events", "clinic"),
    # An account's id.
    not_null("actor", Text()),
    not_null("happened_at", INSTANT),
    # The clinic as it was from then on.
    not_null("clinic", JSONB()),
    PrimaryKeyConstraint("id", name="clinic_events_pkey"),
)
Index("clinic_events_by_clinic", clinic_events.c.clinic_id, clinic_events.c.happened_at)
_APPEND_ONLY = """
CREATE TRIGGER clinic_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON clinic_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
event.listen(clinic_events, "after_create", DDL(_APPEND_ONLY))  # type: ignore[no-untyped-call]
