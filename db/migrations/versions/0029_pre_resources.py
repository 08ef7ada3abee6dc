"""Clinics have resources (rooms, devices), and types of appointment need one of each of some kinds."""

from alembic import op

revision = "0029_pre_resources"
down_revision = "0028_pre_backup_steps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE resources (
            id uuid NOT NULL,
            clinic_id uuid NOT NULL CONSTRAINT resources_clinic_fkey REFERENCES clinics,
            kind text NOT NULL CONSTRAINT resources_kind_length CHECK (length(kind) BETWEEN 1 AND 50),
            name text NOT NULL CONSTRAINT resources_name_length CHECK (length(name) BETWEEN 1 AND 100),
            active boolean NOT NULL,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT resources_pkey PRIMARY KEY (id),
            CONSTRAINT resources_one_name UNIQUE (clinic_id, name)
        );
        CREATE INDEX resources_by_kind ON resources (clinic_id, kind, id);
        ALTER TABLE appointment_types ADD COLUMN resource_kinds text[] NOT NULL DEFAULT '{}';
        CREATE TABLE appointment_resources (
            appointment_id uuid NOT NULL CONSTRAINT appointment_resources_appointment_fkey REFERENCES appointments,
            resource_id uuid NOT NULL CONSTRAINT appointment_resources_resource_fkey REFERENCES resources,
            during tstzrange NOT NULL,
            active boolean NOT NULL,
            CONSTRAINT appointment_resources_pkey PRIMARY KEY (appointment_id, resource_id),
            CONSTRAINT appointment_resources_no_overlap EXCLUDE USING gist (resource_id WITH =, during WITH &&)
                WHERE (active)
        );
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE appointment_resources;
        ALTER TABLE appointment_types DROP COLUMN resource_kinds;
        DROP TABLE resources;
        """
    )
