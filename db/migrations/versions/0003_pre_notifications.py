"""Notifications: the ledger of what is sent, the queue of jobs (procrastinate 3.10), the language of patients."""

from alembic import op

from db.postgres.notifications import job_schema

revision = "0003_pre_notifications"
down_revision = "0002_pre_clinic_feed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statements in job_schema.migrations("", "03.04.00_50"):
        op.get_bind().exec_driver_sql(statements)
    op.get_bind().exec_driver_sql(job_schema.WITHOUT_NOTIFY)
    op.execute(
        """
        ALTER TABLE patients ADD COLUMN language text NOT NULL DEFAULT 'en'
            CONSTRAINT patients_language_known CHECK (language IN ('en', 'ja'));

        CREATE TABLE notifications (
            id uuid CONSTRAINT notifications_pkey PRIMARY KEY,
            kind text NOT NULL CONSTRAINT notifications_kind_known
                CHECK (kind IN ('confirmation', 'change', 'cancellation', 'reminder', 'security_warning')),
            appointment_id uuid CONSTRAINT notifications_appointment_fkey REFERENCES appointments,
            account_id uuid CONSTRAINT notifications_account_fkey REFERENCES accounts,
            version integer NOT NULL,
            channel text NOT NULL CONSTRAINT notifications_channel_known CHECK (channel IN ('email', 'sms', 'none')),
            status text NOT NULL CONSTRAINT notifications_status_known
                CHECK (status IN ('planned', 'waiting', 'sending', 'sent', 'dead', 'dropped')),
            outcome text NOT NULL CONSTRAINT notifications_outcome_known CHECK (
                outcome IN ('', 'outcome_unknown', 'refused', 'failed', 'no_address', 'superseded', 'expired')),
            attempts integer NOT NULL,
            due_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT notifications_once UNIQUE (appointment_id, kind, version),
            CONSTRAINT notifications_one_subject CHECK (num_nonnulls(appointment_id, account_id) = 1)
        );
        CREATE INDEX notifications_by_status ON notifications (status, id);
        CREATE INDEX notifications_due ON notifications (due_at) WHERE status = 'planned';
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE notifications; ALTER TABLE patients DROP COLUMN language")
    op.get_bind().exec_driver_sql(job_schema.REMOVE)
