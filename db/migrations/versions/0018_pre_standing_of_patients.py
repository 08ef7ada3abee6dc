"""Patients have the reading of their name, and may be deceased, inactive or replaced by another entry."""

from alembic import op

revision = "0018_pre_standing_of_patients"
down_revision = "0017_pre_one_append_only"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE patients
            ADD COLUMN name_kana text NOT NULL DEFAULT '',
            ADD COLUMN deceased boolean NOT NULL DEFAULT false,
            ADD COLUMN inactive boolean NOT NULL DEFAULT false,
            ADD COLUMN replaced_by uuid CONSTRAINT patients_replaced_by_fkey REFERENCES patients,
            ADD CONSTRAINT patients_name_kana_length CHECK (length(name_kana) <= 200),
            ADD CONSTRAINT patients_replaced_by_another CHECK (replaced_by <> id);
        CREATE INDEX patients_by_replacement ON patients (replaced_by) WHERE replaced_by IS NOT NULL;
        """
    )


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE patients
            DROP COLUMN name_kana, DROP COLUMN deceased, DROP COLUMN inactive, DROP COLUMN replaced_by;
        """
    )
