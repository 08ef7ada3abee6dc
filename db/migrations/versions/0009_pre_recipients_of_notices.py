"""Notices know whom they were handed over for; clinics have an address and a phone."""

from alembic import op

revision = "0009_pre_recipients_of_notices"
down_revision = "0008_pre_records_of_appointments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE clinics ADD COLUMN address text NOT NULL DEFAULT '', ADD COLUMN phone text NOT NULL DEFAULT '';
        ALTER TABLE notifications
            ADD COLUMN recipient text NOT NULL DEFAULT '',
            DROP CONSTRAINT notifications_kind_known,
            DROP CONSTRAINT notifications_outcome_known,
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN
                ('confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning')) NOT VALID,
            ADD CONSTRAINT notifications_outcome_known CHECK (outcome IN
                ('', 'outcome_unknown', 'refused', 'failed', 'no_address', 'bad_address', 'superseded', 'expired'))
                NOT VALID;
        """
    )
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_outcome_known")


def downgrade() -> None:
    op.execute(
        """
        DELETE FROM notifications WHERE kind = 'withdrawal';
        UPDATE notifications SET outcome = 'refused' WHERE outcome = 'bad_address';
        ALTER TABLE notifications
            DROP COLUMN recipient,
            DROP CONSTRAINT notifications_kind_known,
            DROP CONSTRAINT notifications_outcome_known,
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN
                ('confirmation', 'change', 'cancellation', 'reminder', 'security_warning')),
            ADD CONSTRAINT notifications_outcome_known CHECK (outcome IN
                ('', 'outcome_unknown', 'refused', 'failed', 'no_address', 'superseded', 'expired'));
        ALTER TABLE clinics DROP COLUMN address, DROP COLUMN phone;
        """
    )
