"""Slots can be held: by whom, and what happens to a hold; clinics limit how many appointments patients have ahead."""

from alembic import op

revision = "0034_pre_holds"
down_revision = "0033_pre_links_by_mail"
branch_labels = None
depends_on = None

_EVENTS = """'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in', 'started',
                'completed', 'missed', 'reverted'"""


def _allow(events: str) -> None:
    op.execute(
        "ALTER TABLE appointment_events DROP CONSTRAINT appointment_events_event_known,"
        f" ADD CONSTRAINT appointment_events_event_known CHECK (event IN ({events})) NOT VALID"
    )
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def upgrade() -> None:
    op.execute("ALTER TABLE appointments ADD COLUMN held_by text")
    op.execute(
        "ALTER TABLE clinics ADD COLUMN max_open_appointments integer NOT NULL DEFAULT 0"
        " CONSTRAINT clinics_max_open_appointments_range CHECK (max_open_appointments BETWEEN 0 AND 1000)"
    )
    _allow(f"{_EVENTS}, 'held', 'confirmed', 'released'")
    # CONCURRENTLY would wait for runners that wait for this one. The table is read once: there are no holds yet.
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX appointments_held ON appointments (held_by, held_until) WHERE status = 'held'
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM appointment_events WHERE event IN ('held', 'confirmed', 'released')")
    _allow(_EVENTS)
    op.execute("ALTER TABLE clinics DROP COLUMN max_open_appointments")
    op.execute("ALTER TABLE appointments DROP COLUMN held_by")
