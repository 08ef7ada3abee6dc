"""Accounts of patients act for other patients; histories and access logs say when they did."""

from alembic import op

revision = "0052_pre_representatives"
down_revision = "0051_pre_told_offers"
branch_labels = None
depends_on = None

_NEW = "'representative_added', 'representative_ended'"
_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed', 'invitation', 'password_reset', 'turn', 'move_offer',"
    " 'registration_code', 'registration_known', 'second_factor_removed', 'recovery_codes_renewed'"
)
_EVENTS = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused', 'account_enabled',"
    " 'password_reset_requested', 'second_factor_confirmed', 'second_factor_removed', 'second_factor_reset',"
    " 'recovery_code_used', 'recovery_codes_renewed', 'session_ended', 'account_registered'"
)
_ACCESSES = (
    "'created', 'read', 'listed', 'versions_read', 'amended', 'broke_glass', 'imported', 'patient_changed', 'exported'"
)
_BASES = "'own', 'treating', 'author', 'break_glass', 'import', 'reason'"
_CHECKS = (
    ("notifications", "kind", _NOTICES, _NEW),
    ("security_events", "kind", _EVENTS, _NEW),
    ("record_audit", "access", _ACCESSES, _NEW),
    ("record_audit", "basis", _BASES, "'representative'"),
)


def _allow(table: str, column: str, values: str) -> None:
    name = f"{table}_{column}_known"
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({column} IN ({values})) NOT VALID"
    )


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE representatives (
            id uuid NOT NULL CONSTRAINT representatives_pkey PRIMARY KEY,
            account_id uuid NOT NULL CONSTRAINT representatives_account_fkey REFERENCES accounts (id),
            patient_id uuid NOT NULL CONSTRAINT representatives_patient_fkey REFERENCES patients (id),
            relation text NOT NULL
                CONSTRAINT representatives_relation_known CHECK (relation IN ('parent', 'guardian', 'carer')),
            clinic_id uuid NOT NULL CONSTRAINT representatives_clinic_fkey REFERENCES clinics (id),
            note text NOT NULL CONSTRAINT representatives_note_length CHECK (length(note) BETWEEN 1 AND 500),
            of_minor boolean NOT NULL,
            ends_at timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            ended_at timestamptz
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX representatives_once ON representatives (account_id, patient_id) WHERE ended_at IS NULL"
    )
    op.execute("CREATE INDEX representatives_by_patient ON representatives (patient_id, created_at)")
    op.execute("CREATE INDEX representatives_by_end ON representatives (ended_at) WHERE ended_at IS NOT NULL")
    op.execute(
        """
        ALTER TABLE clinics
            ADD COLUMN representatives_until_age integer NOT NULL DEFAULT 18
                CONSTRAINT clinics_representatives_until_age_range CHECK (representatives_until_age BETWEEN 0 AND 30),
            ADD COLUMN representatives_see_records_until_age integer NOT NULL DEFAULT 16
                CONSTRAINT clinics_representatives_records_range
                CHECK (representatives_see_records_until_age BETWEEN 0 AND 30)
        """
    )
    op.execute("ALTER TABLE appointment_events ADD COLUMN relation text NOT NULL DEFAULT ''")
    for table, column, values, new in _CHECKS:
        _allow(table, column, f"{values}, {new}")


def downgrade() -> None:
    op.execute(f"DELETE FROM notifications WHERE kind IN ({_NEW})")
    # Events and accesses are never deleted: those of the new kinds stay.
    for table, column, values, _ in _CHECKS:
        _allow(table, column, values)
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")
    op.execute("ALTER TABLE appointment_events DROP COLUMN relation")
    op.execute(
        "ALTER TABLE clinics DROP COLUMN representatives_until_age, DROP COLUMN representatives_see_records_until_age"
    )
    op.execute("DROP TABLE representatives")
