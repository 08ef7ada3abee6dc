"""Patients whose doctor is away are offered a move, with alternatives that are held for them."""

from alembic import op

revision = "0042_pre_move_offers"
down_revision = "0041_pre_swapped_resources"
branch_labels = None
depends_on = None

_EVENTS = (
    "'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported', 'checked_in', 'started', 'completed',"
    " 'missed', 'reverted', 'held', 'confirmed', 'released', 'attendance_confirmed', 'resource_swapped'"
)
_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed', 'invitation', 'password_reset', 'turn'"
)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE move_offers (
            id uuid NOT NULL CONSTRAINT move_offers_pkey PRIMARY KEY,
            appointment_id uuid NOT NULL
                CONSTRAINT move_offers_appointment_fkey REFERENCES appointments ON DELETE CASCADE,
            time_off_id uuid CONSTRAINT move_offers_time_off_fkey REFERENCES time_off,
            status text NOT NULL CONSTRAINT move_offers_status_known
                CHECK (status IN ('waiting', 'open', 'accepted', 'kept', 'lapsed', 'withdrawn', 'none_free')),
            start_at timestamptz NOT NULL,
            back_at timestamptz,
            expires_at timestamptz,
            taken_until timestamptz,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX move_offers_one_live ON move_offers (appointment_id) WHERE status IN ('waiting', 'open')"
    )
    op.execute("CREATE INDEX move_offers_by_appointment ON move_offers (appointment_id, created_at)")
    _know(f"{_EVENTS}, 'move_offered', 'move_declined'", f"{_NOTICES}, 'move_offer'")


def downgrade() -> None:
    for table in ("appointment_events", "appointment_changes"):
        op.execute(f"DELETE FROM {table} WHERE event IN ('move_offered', 'move_declined')")
    op.execute("DELETE FROM notifications WHERE kind = 'move_offer'")
    _know(_EVENTS, _NOTICES)
    op.execute("DROP TABLE move_offers")


def _know(events: str, kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE appointment_events DROP CONSTRAINT appointment_events_event_known,
            ADD CONSTRAINT appointment_events_event_known CHECK (event IN ({events})) NOT VALID
    """)
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")
    op.execute(f"""
        ALTER TABLE notifications DROP CONSTRAINT notifications_kind_known,
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")
