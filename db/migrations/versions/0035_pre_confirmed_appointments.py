"""Patients confirm by the link of a message that they will come."""

from alembic import op

revision = "0035_pre_confirmed_appointments"
down_revision = "0034_pre_holds"
branch_labels = None
depends_on = None

_EVENTS = (
    "'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in', 'started', 'completed',"
    " 'missed', 'reverted', 'held', 'confirmed', 'released'"
)


def upgrade() -> None:
    op.execute("ALTER TABLE appointments ADD COLUMN confirmed_at timestamptz")
    _know(f"{_EVENTS}, 'attendance_confirmed'")
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def downgrade() -> None:
    op.execute("ALTER TABLE appointments DROP COLUMN confirmed_at")
    for table in ("appointment_events", "appointment_changes"):
        op.execute(f"DELETE FROM {table} WHERE event = 'attendance_confirmed'")
    _know(_EVENTS)
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def _know(events: str) -> None:
    op.execute(f"""
        ALTER TABLE appointment_events DROP CONSTRAINT appointment_events_event_known,
            ADD CONSTRAINT appointment_events_event_known CHECK (event IN ({events})) NOT VALID
    """)
