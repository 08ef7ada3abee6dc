"""Imports remember what each resource said, so that a later run knows what has changed, at the exporter and here."""

from alembic import op

revision = "0020_pre_imported_resources"
down_revision = "0019_pre_folded_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE imported_resources (
            system text NOT NULL,
            value text NOT NULL,
            digests jsonb NOT NULL,
            version integer,
            CONSTRAINT imported_resources_pkey PRIMARY KEY (system, value)
        );
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE imported_resources")
