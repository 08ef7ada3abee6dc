"""Slots can be held: by whom, and what happens to a hold."""

from alembic import op

revision = "0030_pre_holds"
down_revision = "0029_pre_resources"
branch_labels = None
depends_on = None

_EVENTS = """'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in', 'started',
                'completed', 'missed', 'reverted'"""


def _allow(events: str) -> None:
    op.execute(
        f"""
        ALTER TABLE appointment_events DROP CONSTRAINT appointment_events_event_known;
        ALTER TABLE appointment_events ADD CONSTRAINT appointment_events_event_known CHECK (event IN ({events}));
        """
    )


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE appointments ADD COLUMN held_by text;
        CREATE INDEX appointments_held ON appointments (held_by, held_until) WHERE status = 'held';
        """
    )
    _allow(f"{_EVENTS}, 'held', 'confirmed', 'released'")


def downgrade() -> None:
    op.execute("DELETE FROM appointment_events WHERE event IN ('held', 'confirmed', 'released')")
    _allow(_EVENTS)
    op.execute(
        """
        ALTER TABLE appointments DROP COLUMN held_by;
        """
    )
