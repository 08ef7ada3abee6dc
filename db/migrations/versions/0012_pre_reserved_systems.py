"""Systems whose identifiers only imports write; those of the imports so far are among them."""

from alembic import op

revision = "0012_pre_reserved_systems"
down_revision = "0011_pre_caseless_specialties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE reserved_systems (
            system text NOT NULL,
            actor text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT reserved_systems_pkey PRIMARY KEY (system)
        );
        INSERT INTO reserved_systems
        SELECT DISTINCT source || '/' || kind, 'import-fhir', now()
        FROM (
            SELECT regexp_replace(system, '/(Organization|Location)$', '') FROM clinic_identifiers
            WHERE system ~ '/(Organization|Location)$'
            UNION SELECT regexp_replace(system, '/Practitioner$', '') FROM practitioner_identifiers
            WHERE system ~ '/Practitioner$'
        ) AS imported (source), unnest(
            '{Organization,Location,Practitioner,PractitionerRole,Patient,Encounter,Condition}'::text[]) AS kind;
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE reserved_systems")
