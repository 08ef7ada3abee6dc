"""Clinics have languages and a version, and every change of one is kept with who made it."""

from alembic import op

revision = "0027_pre_clinics_by_api"
down_revision = "0026_pre_enabled_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
ALTER TABLE clinics
    ADD COLUMN languages text[] NOT NULL DEFAULT '{en}'
        CONSTRAINT clinics_languages_known CHECK (cardinality(languages) BETWEEN 1 AND 2 AND languages <@ '{en,ja}'),
    ADD COLUMN version integer NOT NULL DEFAULT 1;
CREATE TABLE clinic_events (
    id uuid NOT NULL CONSTRAINT clinic_events_pkey PRIMARY KEY,
    clinic_id uuid NOT NULL CONSTRAINT clinic_events_clinic_fkey REFERENCES clinics,
    actor text NOT NULL,
    happened_at timestamptz NOT NULL,
    clinic jsonb NOT NULL
);
CREATE INDEX clinic_events_by_clinic ON clinic_events (clinic_id, happened_at);
CREATE TRIGGER clinic_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON clinic_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
""")


def downgrade() -> None:
    op.execute("DROP TABLE clinic_events; ALTER TABLE clinics DROP COLUMN languages, DROP COLUMN version")
