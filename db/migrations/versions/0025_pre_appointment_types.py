"""Clinics have types of appointment, each with a length and a buffer of its own."""

from alembic import op

revision = "0025_pre_appointment_types"
down_revision = "0024_pre_certificate_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE appointment_types (
            id uuid NOT NULL,
            clinic_id uuid NOT NULL CONSTRAINT appointment_types_clinic_fkey REFERENCES clinics,
            name text NOT NULL CONSTRAINT appointment_types_name_length CHECK (length(name) BETWEEN 1 AND 100),
            name_ja text NOT NULL CONSTRAINT appointment_types_name_ja_length CHECK (length(name_ja) <= 100),
            minutes smallint NOT NULL CONSTRAINT appointment_types_minutes_range CHECK (minutes BETWEEN 5 AND 480),
            buffer_minutes smallint NOT NULL
                CONSTRAINT appointment_types_buffer_range CHECK (buffer_minutes BETWEEN 0 AND 240),
            staff_only boolean NOT NULL,
            audience text NOT NULL
                CONSTRAINT appointment_types_audience_known CHECK (audience IN ('all', 'new', 'known')),
            active boolean NOT NULL,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT appointment_types_pkey PRIMARY KEY (id),
            CONSTRAINT appointment_types_one_name UNIQUE (clinic_id, name)
        );
        ALTER TABLE appointments
            ADD COLUMN type_id uuid CONSTRAINT appointments_type_fkey REFERENCES appointment_types;
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE appointments DROP COLUMN type_id; DROP TABLE appointment_types;")
