"""Other rights end an account's sessions."""

from alembic import op

revision = "0010_pre_rights_end_sessions"
down_revision = "0009_pre_recipients_of_notices"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.generation := OLD.generation + 1;
    NEW.sessions_ended_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_rights_end_sessions BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN ((OLD.roles, OLD.clinic_ids, OLD.all_clinics, OLD.patient_id, OLD.doctor_id)
        IS DISTINCT FROM (NEW.roles, NEW.clinic_ids, NEW.all_clinics, NEW.patient_id, NEW.doctor_id))
    EXECUTE FUNCTION end_sessions();
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("DROP TRIGGER accounts_rights_end_sessions ON accounts")
    op.execute("DROP FUNCTION end_sessions")
