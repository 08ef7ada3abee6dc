"""The epoch belongs to a history of PostgreSQL: after a promotion or a restore there is another, and it must rise."""

from alembic import op

revision = "0006_pre_history_of_the_epoch"
down_revision = "0005_pre_medical_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cluster_epoch ADD COLUMN history text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE cluster_epoch ALTER COLUMN history DROP DEFAULT")
    op.execute(
        "UPDATE cluster_epoch SET history = (SELECT system_identifier FROM pg_control_system())::text"
        " || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE cluster_epoch DROP COLUMN history")
