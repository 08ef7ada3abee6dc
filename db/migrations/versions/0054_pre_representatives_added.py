"""Workers ask every two seconds which representatives were added lately."""

from alembic import op

revision = "0054_pre_representatives_added"
down_revision = "0053_pre_representatives_checked"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        -- squawk-ignore require-concurrent-index-creation
        CREATE INDEX representatives_by_beginning ON representatives (created_at)
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX representatives_by_beginning")
