"""The histories of appointments tell of check-in, start, end, no-show, and steps back."""

from alembic import op

revision = "0023_pre_steps_of_visits"
down_revision = "0022_post_old_name_key"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE appointment_events
            DROP CONSTRAINT appointment_events_event_known,
            ADD CONSTRAINT appointment_events_event_known CHECK (event IN ('booked', 'overridden', 'rescheduled',
                'cancelled', 'expired', 'imported', 'checked_in', 'started', 'completed', 'missed', 'reverted'))
                NOT VALID
        """
    )
    op.execute("ALTER TABLE appointment_events VALIDATE CONSTRAINT appointment_events_event_known")


def downgrade() -> None:
    op.execute(
        """
        DELETE FROM appointment_events WHERE event IN ('checked_in', 'started', 'completed', 'missed', 'reverted');
        ALTER TABLE appointment_events
            DROP CONSTRAINT appointment_events_event_known,
            ADD CONSTRAINT appointment_events_event_known CHECK (event IN ('booked', 'overridden', 'rescheduled',
                'cancelled', 'expired', 'imported'));
        """
    )
