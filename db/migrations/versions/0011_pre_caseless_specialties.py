"""Specialties are looked up without regard to case; the release before compares the few doctors one by one."""

from alembic import op

revision = "0011_pre_caseless_specialties"
down_revision = "0010_pre_rights_end_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX doctors_by_specialty")
    op.execute("CREATE INDEX doctors_by_specialty ON doctors (lower(specialty))")


def downgrade() -> None:
    op.execute("DROP INDEX doctors_by_specialty")
    op.execute("CREATE INDEX doctors_by_specialty ON doctors (specialty)")
