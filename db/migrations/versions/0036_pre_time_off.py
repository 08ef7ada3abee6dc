"""Time off of doctors, and what became of the appointments that it met."""

from alembic import op

revision = "0036_pre_time_off"
down_revision = "0035_pre_confirmed_appointments"
branch_labels = None
depends_on = None

_TABLES = """
ALTER TABLE doctors ADD COLUMN time_off tstzmultirange NOT NULL DEFAULT '{}';
CREATE TABLE time_off (
    id uuid NOT NULL CONSTRAINT time_off_pkey PRIMARY KEY,
    doctor_id uuid NOT NULL CONSTRAINT time_off_doctor_fkey REFERENCES doctors,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    reason text NOT NULL CONSTRAINT time_off_reason_length CHECK (length(reason) <= 500),
    actor text NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT time_off_end_after_start CHECK (end_at > start_at)
);
CREATE INDEX time_off_by_doctor ON time_off (doctor_id, start_at, id);
CREATE TABLE time_off_appointments (
    time_off_id uuid NOT NULL CONSTRAINT time_off_appointments_time_off_fkey REFERENCES time_off,
    appointment_id uuid NOT NULL
        CONSTRAINT time_off_appointments_appointment_fkey REFERENCES appointments ON DELETE CASCADE,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    CONSTRAINT time_off_appointments_pkey PRIMARY KEY (time_off_id, appointment_id)
);
CREATE INDEX time_off_appointments_by_appointment ON time_off_appointments (appointment_id);
"""


def upgrade() -> None:
    op.execute(_TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE time_off_appointments, time_off; ALTER TABLE doctors DROP COLUMN time_off")
