"""The audit trail knows exports of records."""

from alembic import op

revision = "0030_pre_records_exported"
down_revision = "0029_pre_resources"
branch_labels = None
depends_on = None

_KNOWN = "'created', 'read', 'listed', 'versions_read', 'amended', 'broke_glass', 'imported', 'patient_changed'"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE record_audit DROP CONSTRAINT record_audit_access_known,"
        f" ADD CONSTRAINT record_audit_access_known CHECK (access IN ({_KNOWN}, 'exported')) NOT VALID"
    )
    op.execute("ALTER TABLE record_audit VALIDATE CONSTRAINT record_audit_access_known")


def downgrade() -> None:
    # What stands in the trail stays: the check holds for new rows only.
    op.execute(
        "ALTER TABLE record_audit DROP CONSTRAINT record_audit_access_known,"
        f" ADD CONSTRAINT record_audit_access_known CHECK (access IN ({_KNOWN})) NOT VALID"
    )
