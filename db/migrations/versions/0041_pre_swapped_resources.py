"""Appointments get another room or device of the same kind."""

from alembic import op

revision = "0041_pre_swapped_resources"
down_revision = "0040_pre_series"
branch_labels = None
depends_on = None

_EVENTS = (
    "'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in', 'started', 'completed',"
    " 'missed', 'reverted', 'held', 'confirmed', 'released', 'attendance_confirmed'"
)


def upgrade() -> None:
    _know(f"{_EVENTS}, 'resource_swapped'")
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def downgrade() -> None:
    for table in ("appointment_events", "appointment_changes"):
        op.execute(f"DELETE FROM {table} WHERE event = 'resource_swapped'")
    _know(_EVENTS)
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def _know(events: str) -> None:
    op.execute(f"""
        ALTER TABLE appointment_events DROP CONSTRAINT appointment_events_event_known,
            ADD CONSTRAINT appointment_events_event_known CHECK (event IN ({events})) NOT VALID
    """)
