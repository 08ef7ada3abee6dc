"""When each step of the backups last succeeded."""

from alembic import op

revision = "0028_pre_backup_steps"
down_revision = "0027_pre_clinics_by_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE backup_steps (
            step text CONSTRAINT backup_steps_pkey PRIMARY KEY
                CONSTRAINT backup_steps_known CHECK (step IN ('backup', 'wal', 'copy', 'restore_check')),
            succeeded_at timestamptz NOT NULL
        );
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE backup_steps")
