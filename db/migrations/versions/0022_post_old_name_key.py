"""The key that patients were found by before they had search terms goes."""

from alembic import op

revision = "0022_post_old_name_key"
down_revision = "0021_pre_patient_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE patients DROP COLUMN name_key")


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE patients ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED;
        CREATE INDEX patients_by_name ON patients (name_key, id);
        """
    )
