"""Admins list accounts."""

from alembic import op

revision = "0047_pre_account_list"
down_revision = "0046_pre_ended_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # CONCURRENTLY would wait for runners that wait for this one.
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX accounts_of_others ON accounts (id) WHERE patient_id IS NULL
        """
    )
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX accounts_of_patients_by_email ON accounts (email COLLATE "C") WHERE patient_id IS NOT NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX accounts_of_others")
    op.execute("DROP INDEX accounts_of_patients_by_email")
