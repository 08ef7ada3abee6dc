"""Time off of doctors, the appointments that it met, and the moves that their patients are offered."""

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

time_off = Table(
    "time_off",
    metadata,
    not_null("id", UUID),
    reference("time_off", "doctor"),
    not_null("start_at", INSTANT),
    not_null("end_at", INSTANT),
    not_null("reason", Text(), check("time_off_reason_length", "length(reason) <= 500")),
    # An account's id.
    not_null("actor", Text()),
    not_null("created_at", INSTANT),
    Column("deleted_at", INSTANT),
    check("time_off_end_after_start", "end_at > start_at"),
    PrimaryKeyConstraint("id", name="time_off_pkey"),
)
Index("time_off_by_doctor", time_off.c.doctor_id, time_off.c.start_at, time_off.c.id)

time_off_appointments = Table(
    "time_off_appointments",
    metadata,
    not_null("time_off_id", UUID, ForeignKey("time_off.id", name="time_off_appointments_time_off_fkey")),
    not_null(
        "appointment_id",
        UUID,
        ForeignKey("appointments.id", name="time_off_appointments_appointment_fkey", ondelete="CASCADE"),
    ),
    # When the appointment was when the time off was made.
    not_null("start_at", INSTANT),
    not_null("end_at", INSTANT),
    PrimaryKeyConstraint("time_off_id", "appointment_id", name="time_off_appointments_pkey"),
)
Index("time_off_appointments_by_appointment", time_off_appointments.c.appointment_id)

move_offers = Table(
    "move_offers",
    metadata,
    not_null("id", UUID),
    not_null(
        "appointment_id",
        UUID,
        ForeignKey("appointments.id", name="move_offers_appointment_fkey", ondelete="CASCADE"),
    ),
    # NULL if new working hours leave the appointment outside.
    Column("time_off_id", UUID, ForeignKey("time_off.id", name="move_offers_time_off_fkey")),
    not_null(
        "status",
        Text(),
        check(
            "move_offers_status_known",
            "status IN ('waiting', 'open', 'accepted', 'kept', 'lapsed', 'withdrawn', 'none_free')",
        ),
    ),
    # When the appointment was when its move was offered.
    not_null("start_at", INSTANT),
    # When the doctor is back; NULL if that is not known.
    Column("back_at", INSTANT),
    # When it lapses; NULL until its alternatives are held.
    Column("expires_at", INSTANT),
    # Until then a worker looks for alternatives.
    Column("taken_until", INSTANT),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    # That of the appointment with which the patient is told of it; NULL until its alternatives are held.
    Column("version", Integer()),
    PrimaryKeyConstraint("id", name="move_offers_pkey"),
)
Index(
    "move_offers_one_live",
    move_offers.c.appointment_id,
    unique=True,
    postgresql_where=text("status IN ('waiting', 'open')"),
)
Index("move_offers_by_appointment", move_offers.c.appointment_id, move_offers.c.created_at)
