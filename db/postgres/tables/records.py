"""Medical records: encrypted versions, the keys that encrypt them, the audit trail, retention."""

from sqlalchemy import (
    DDL,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.postgres.tables.common import INSTANT, UUID, check, identifiers, metadata, not_null, reference

records = Table(
    "records",
    metadata,
    not_null("id", UUID),
    reference("records", "patient"),
    reference("records", "doctor"),
    reference("records", "clinic"),
    Column("appointment_id", UUID, ForeignKey("appointments.id", name="records_appointment_fkey")),
    not_null("version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    PrimaryKeyConstraint("id", name="records_pkey"),
)
Index("records_by_patient", records.c.patient_id, records.c.created_at, records.c.id)
Index("records_by_appointment", records.c.appointment_id, postgresql_where=text("appointment_id IS NOT NULL"))
Index("records_by_age", records.c.clinic_id, records.c.updated_at, records.c.id)

record_data_keys = Table(
    "record_data_keys",
    metadata,
    reference("record_data_keys", "patient"),
    not_null("year", SmallInteger()),
    not_null("master_key_id", Text()),
    not_null("wrapped", LargeBinary()),
    not_null("created_at", INSTANT),
    PrimaryKeyConstraint("patient_id", "year", name="record_data_keys_pkey"),
)
Index(
    "record_data_keys_by_master",
    record_data_keys.c.master_key_id,
    record_data_keys.c.patient_id,
    record_data_keys.c.year,
)

record_versions = Table(
    "record_versions",
    metadata,
    reference("record_versions", "record"),
    not_null("version", Integer()),
    not_null("year", SmallInteger()),
    not_null("sealed", LargeBinary()),
    not_null("created_at", INSTANT),
    PrimaryKeyConstraint("record_id", "version", name="record_versions_pkey"),
)
record_identifiers = identifiers("record")

record_retention = Table(
    "record_retention",
    metadata,
    reference("record_retention", "clinic"),
    not_null("hot_years", Integer(), check("record_retention_hot_range", "hot_years BETWEEN 1 AND 100")),
    Column("kept_years", Integer(), check("record_retention_kept_after_hot", "kept_years > hot_years")),
    PrimaryKeyConstraint("clinic_id", name="record_retention_pkey"),
)

record_audit_chains = Table(
    "record_audit_chains",
    metadata,
    reference("record_audit_chains", "patient"),
    not_null("seq", Integer()),
    PrimaryKeyConstraint("patient_id", name="record_audit_chains_pkey"),
)
record_audit = Table(
    "record_audit",
    metadata,
    not_null("patient_id", UUID, ForeignKey("record_audit_chains.patient_id", name="record_audit_chain_fkey")),
    not_null("seq", Integer()),
    not_null("happened_at", INSTANT),
    not_null("actor", Text()),
    Column("doctor_id", UUID, ForeignKey("doctors.id", name="record_audit_doctor_fkey")),
    not_null(
        "access",
        Text(),
        check(
            "record_audit_access_known",
            "access IN ('created', 'read', 'listed', 'versions_read', 'amended', 'broke_glass', 'imported',"
            " 'patient_changed', 'exported', 'representative_added', 'representative_ended')",
        ),
    ),
    not_null(
        "basis",
        Text(),
        check(
            "record_audit_basis_known",
            "basis IN ('own', 'treating', 'author', 'break_glass', 'import', 'reason', 'representative')",
        ),
    ),
    not_null("record_ids", ARRAY(UUID)),
    Column("version", Integer()),
    not_null("note", Text()),
    not_null("key_id", Text()),
    not_null("mac", LargeBinary()),
    PrimaryKeyConstraint("patient_id", "seq", name="record_audit_pkey"),
)
Index(
    "record_audit_grants",
    record_audit.c.patient_id,
    record_audit.c.actor,
    record_audit.c.happened_at,
    postgresql_where=text("access = 'broke_glass'"),
)


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]


# Only retention may delete versions; its transaction announces that with SET LOCAL yoyaku.retention = 'on'.
_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'record_versions' AND current_setting('yoyaku.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
event.listen(metadata, "before_create", _ddl(_REFUSE))
for _table in (record_versions, record_audit):
    for _name, _when, _each in (
        ("append_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        event.listen(
            _table,
            "after_create",
            _ddl(
                f"CREATE TRIGGER {_table.name}_{_name} BEFORE {_when} ON {_table.name}"
                f" FOR EACH {_each} EXECUTE FUNCTION refuse_change()"
            ),
        )
