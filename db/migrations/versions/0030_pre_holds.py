"""Slots can be held: until when, by whom, and how much a patient may keep from others."""

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
        ALTER TABLE clinics
            ADD COLUMN hold_minutes integer NOT NULL DEFAULT 5
                CONSTRAINT clinics_hold_minutes_range CHECK (hold_minutes BETWEEN 1 AND 60),
            ADD COLUMN max_holds integer NOT NULL DEFAULT 2
                CONSTRAINT clinics_max_holds_range CHECK (max_holds >= 0),
            ADD COLUMN max_open_per_patient integer NOT NULL DEFAULT 20
                CONSTRAINT clinics_max_open_range CHECK (max_open_per_patient >= 1);
        """
    )
    _allow(f"{_EVENTS}, 'held', 'confirmed', 'released'")


def downgrade() -> None:
    op.execute("DELETE FROM appointment_events WHERE event IN ('held', 'confirmed', 'released')")
    _allow(_EVENTS)
    op.execute(
        """
        ALTER TABLE clinics DROP COLUMN hold_minutes, DROP COLUMN max_holds, DROP COLUMN max_open_per_patient;
        ALTER TABLE appointments DROP COLUMN held_by;
        """
    )
