"""Medical records: encrypted versions, the keys that encrypt them, the audit trail, retention."""

from alembic import op

revision = "0005_pre_medical_records"
down_revision = "0004_pre_identity"
branch_labels = None
depends_on = None

RECORDS = """
CREATE TABLE records (
    id uuid CONSTRAINT records_pkey PRIMARY KEY,
    patient_id uuid NOT NULL CONSTRAINT records_patient_fkey REFERENCES patients,
    doctor_id uuid NOT NULL CONSTRAINT records_doctor_fkey REFERENCES doctors,
    clinic_id uuid NOT NULL CONSTRAINT records_clinic_fkey REFERENCES clinics,
    appointment_id uuid CONSTRAINT records_appointment_fkey REFERENCES appointments,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX records_by_patient ON records (patient_id, created_at, id);
CREATE INDEX records_by_age ON records (clinic_id, updated_at, id);

CREATE TABLE record_data_keys (
    patient_id uuid NOT NULL CONSTRAINT record_data_keys_patient_fkey REFERENCES patients,
    year smallint NOT NULL,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT record_data_keys_pkey PRIMARY KEY (patient_id, year)
);
CREATE INDEX record_data_keys_by_master ON record_data_keys (master_key_id, patient_id, year);

CREATE TABLE record_versions (
    record_id uuid NOT NULL CONSTRAINT record_versions_record_fkey REFERENCES records,
    version integer NOT NULL,
    year smallint NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT record_versions_pkey PRIMARY KEY (record_id, version)
);

CREATE TABLE record_identifiers (
    system text NOT NULL,
    value text NOT NULL,
    record_id uuid NOT NULL CONSTRAINT record_identifiers_record_fkey REFERENCES records,
    CONSTRAINT record_identifiers_pkey PRIMARY KEY (system, value)
);
CREATE INDEX record_identifiers_by_record ON record_identifiers (record_id);

CREATE TABLE record_retention (
    clinic_id uuid NOT NULL CONSTRAINT record_retention_clinic_fkey REFERENCES clinics,
    hot_years integer NOT NULL CONSTRAINT record_retention_hot_range CHECK (hot_years BETWEEN 1 AND 100),
    kept_years integer CONSTRAINT record_retention_kept_after_hot CHECK (kept_years > hot_years),
    CONSTRAINT record_retention_pkey PRIMARY KEY (clinic_id)
);
"""

AUDIT = """
CREATE TABLE record_audit_chains (
    patient_id uuid NOT NULL CONSTRAINT record_audit_chains_patient_fkey REFERENCES patients,
    seq integer NOT NULL,
    CONSTRAINT record_audit_chains_pkey PRIMARY KEY (patient_id)
);
CREATE TABLE record_audit (
    patient_id uuid NOT NULL CONSTRAINT record_audit_chain_fkey REFERENCES record_audit_chains,
    seq integer NOT NULL,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    doctor_id uuid CONSTRAINT record_audit_doctor_fkey REFERENCES doctors,
    access text NOT NULL CONSTRAINT record_audit_access_known CHECK (access IN (
        'created', 'read', 'listed', 'versions_read', 'amended', 'broke_glass', 'imported')),
    basis text NOT NULL CONSTRAINT record_audit_basis_known CHECK (basis IN (
        'own', 'treating', 'author', 'break_glass', 'import')),
    record_ids uuid[] NOT NULL,
    version integer,
    note text NOT NULL,
    key_id text NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT record_audit_pkey PRIMARY KEY (patient_id, seq)
);
CREATE INDEX record_audit_grants ON record_audit (patient_id, actor, happened_at) WHERE access = 'broke_glass';
"""

# Versions may be taken away by retention alone, which says so in its transaction: SET LOCAL yoyaku.retention = 'on'.
APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'record_versions' AND current_setting('yoyaku.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER record_versions_append_only BEFORE UPDATE OR DELETE ON record_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_versions_no_truncate BEFORE TRUNCATE ON record_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_audit_append_only BEFORE UPDATE OR DELETE ON record_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_audit_no_truncate BEFORE TRUNCATE ON record_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(RECORDS)
    op.execute(AUDIT)
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.execute(
        "DROP TABLE record_audit, record_audit_chains, record_retention, record_identifiers, record_versions,"
        " record_data_keys, records"
    )
    op.execute("DROP FUNCTION refuse_change")
