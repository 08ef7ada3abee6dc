"""Appointments, the days that they are on, and the answers to writes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from db.postgres.tables.common import ACTIVE, INSTANT, UUID, check, identifiers, metadata, not_null, reference

appointments = Table(
    "appointments",
    metadata,
    not_null("id", UUID),
    not_null("doctor_id", UUID),
    not_null("practitioner_id", UUID),
    not_null("clinic_id", UUID),
    reference("appointments", "patient"),
    not_null("date", Date()),
    not_null("start_at", INSTANT),
    not_null("end_at", INSTANT),
    not_null("during", TSTZRANGE()),
    not_null("seat", SmallInteger(), check("appointments_seat_range", "seat >= 1")),
    not_null(
        "status",
        Text(),
        check(
            "appointments_status_known",
            "status IN ('held', 'scheduled', 'checked_in', 'in_progress', 'completed', 'cancelled', 'expired',"
            " 'no_show')",
        ),
    ),
    Column("held_until", INSTANT),
    not_null("reason", Text(), check("appointments_reason_length", "length(reason) <= 500")),
    not_null("version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    Column("utc_offset_minutes", SmallInteger()),
    # NULL for a visit of one slot.
    Column("type_id", UUID, ForeignKey("appointment_types.id", name="appointments_type_fkey")),
    # The account that holds, or held, it.
    Column("held_by", Text()),
    # When the patient confirmed that they will come, since it last moved.
    Column("confirmed_at", INSTANT),
    # The id of the first appointment of the series to which it belongs.
    Column("series_id", UUID),
    PrimaryKeyConstraint("id", name="appointments_pkey"),
    ForeignKeyConstraint(
        ["doctor_id", "practitioner_id", "clinic_id"],
        ["doctors.id", "doctors.practitioner_id", "doctors.clinic_id"],
        name="appointments_doctor_fkey",
    ),
    check("appointments_end_after_start", "end_at > start_at"),
    check("appointments_during_covers", "lower(during) = start_at AND upper(during) >= end_at"),
    check("appointments_hold_has_end", "(status = 'held') = (held_until IS NOT NULL)"),
    ExcludeConstraint(
        ("doctor_id", "="), ("seat", "="), ("during", "&&"), name="appointments_no_overlap", where=text(ACTIVE)
    ),
    ExcludeConstraint(
        ("practitioner_id", "="),
        ("during", "&&"),
        ("doctor_id", "<>"),
        name="appointments_practitioner_no_overlap",
        where=text(ACTIVE),
    ),
)
appointments.append_constraint(
    ExcludeConstraint(
        (appointments.c.patient_id, "="),
        (func.tstzrange(appointments.c.start_at, appointments.c.end_at), "&&"),
        name="appointments_patient_no_overlap",
        where=text(ACTIVE),
    )
)
Index(
    "appointments_held",
    appointments.c.held_by,
    appointments.c.held_until,
    postgresql_where=text("status = 'held'"),
)
Index(
    "appointments_by_series",
    appointments.c.series_id,
    appointments.c.start_at,
    postgresql_where=text("series_id IS NOT NULL"),
)
for _noun in ("patient", "doctor", "clinic"):
    Index(
        f"appointments_by_{_noun}",
        appointments.c[f"{_noun}_id"],
        appointments.c.date,
        appointments.c.start_at,
        appointments.c.id,
    )

appointment_events = Table(
    "appointment_events",
    metadata,
    not_null("id", BigInteger(), Identity(always=True)),
    reference("appointment_events", "appointment"),
    not_null("happened_at", INSTANT),
    not_null("actor", Text()),
    not_null(
        "event",
        Text(),
        check(
            "appointment_events_event_known",
            "event IN ('booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in',"
            " 'started', 'completed', 'missed', 'reverted', 'held', 'confirmed', 'released', 'attendance_confirmed',"
            " 'resource_swapped', 'move_offered', 'move_declined')",
        ),
    ),
    not_null("note", Text()),
    # What who did it is to the patient, if a representative did.
    Column("relation", Text(), nullable=False, server_default=""),
    PrimaryKeyConstraint("id", name="appointment_events_pkey"),
)
Index("appointment_events_by_appointment", appointment_events.c.appointment_id, appointment_events.c.happened_at)

schedule_days = Table(
    "schedule_days",
    metadata,
    reference("schedule_days", "doctor"),
    not_null("date", Date()),
    not_null("revision", Integer()),
    not_null("changed_at", INSTANT),
    PrimaryKeyConstraint("doctor_id", "date", name="schedule_days_pkey"),
)
Index("schedule_days_by_change", schedule_days.c.changed_at)


appointment_identifiers = identifiers("appointment")

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    not_null("caller_id", Text()),
    not_null("request_id", UUID),
    not_null("digest", LargeBinary()),
    Column("response", LargeBinary()),
    not_null("created_at", INSTANT),
    PrimaryKeyConstraint("caller_id", "request_id", name="idempotency_keys_pkey"),
)
Index("idempotency_keys_by_age", idempotency_keys.c.created_at)
cluster_epoch = Table(
    "cluster_epoch",
    metadata,
    not_null("one", Boolean(), check("cluster_epoch_one_row", "one")),
    not_null("epoch", Integer()),
    not_null("history", Text()),
    PrimaryKeyConstraint("one", name="cluster_epoch_pkey"),
)
