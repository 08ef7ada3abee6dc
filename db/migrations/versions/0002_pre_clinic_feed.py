"""The feed of each clinic: every change of its appointments, numbered in commit order."""

from alembic import op

revision = "0002_pre_clinic_feed"
down_revision = "0001_pre_appointment_book"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE clinic_feeds (
            clinic_id uuid CONSTRAINT clinic_feeds_pkey PRIMARY KEY
                CONSTRAINT clinic_feeds_clinic_fkey REFERENCES clinics,
            seq bigint NOT NULL
        );
        CREATE TABLE appointment_changes (
            clinic_id uuid NOT NULL,
            seq bigint NOT NULL,
            appointment_id uuid NOT NULL,
            event text NOT NULL,
            happened_at timestamptz NOT NULL,
            CONSTRAINT appointment_changes_pkey PRIMARY KEY (clinic_id, seq)
        );
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE appointment_changes, clinic_feeds")
