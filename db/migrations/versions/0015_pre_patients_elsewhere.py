"""Who changed a patient of other clinics, and why, stands in the trail; the patient is told."""

from alembic import op

revision = "0015_pre_patients_elsewhere"
down_revision = "0014_pre_contact_changes"
branch_labels = None
depends_on = None

_KINDS = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed'"
)
_CHECKS = (
    ("record_audit", "access", "'created', 'read', 'listed', 'versions_read', 'amended', 'broke_glass', 'imported'"),
    ("record_audit", "basis", "'own', 'treating', 'author', 'break_glass', 'import'"),
    ("notifications", "kind", _KINDS),
)
_NEW = {"access": "patient_changed", "basis": "reason", "kind": "details_changed"}


def upgrade() -> None:
    for table, column, known in _CHECKS:
        name = f"{table}_{column}_known"
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {name},"
            f" ADD CONSTRAINT {name} CHECK ({column} IN ({known}, '{_NEW[column]}')) NOT VALID"
        )
    for table, column, _ in _CHECKS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_{column}_known")


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE kind = 'details_changed'")
    for table, column, known in _CHECKS:
        name = f"{table}_{column}_known"
        # What stands in the trail stays there: it is append-only.
        valid = " NOT VALID" if table == "record_audit" else ""
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({column} IN ({known})){valid}"
        )
