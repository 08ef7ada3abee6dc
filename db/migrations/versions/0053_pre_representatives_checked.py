"""The checks of what 0052 allows are valid for old rows too."""

from alembic import op

revision = "0053_pre_representatives_checked"
down_revision = "0052_pre_representatives"
branch_labels = None
depends_on = None

_CHECKS = (
    ("notifications", "kind"),
    ("security_events", "kind"),
    ("record_audit", "access"),
    ("record_audit", "basis"),
)


def upgrade() -> None:
    for table, column in _CHECKS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_{column}_known")


def downgrade() -> None:
    pass
