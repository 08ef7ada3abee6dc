"""A hospital system may call with a client certificate: its credential has the name that the certificate contains."""

from alembic import op

revision = "0024_pre_certificate_names"
down_revision = "0023_pre_steps_of_visits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE credentials ADD COLUMN certificate_name text,
            ADD CONSTRAINT credentials_certificate_unique UNIQUE (certificate_name);
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE credentials DROP COLUMN certificate_name")
