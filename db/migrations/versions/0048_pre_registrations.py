"""People register themselves: registrations wait for a code, whose notice is about nobody known yet."""

from alembic import op

revision = "0048_pre_registrations"
down_revision = "0047_pre_account_list"
branch_labels = None
depends_on = None

_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed', 'invitation', 'password_reset', 'turn', 'move_offer'"
)
_NEW = "'registration_code', 'registration_known'"
_EVENTS = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused', 'account_enabled',"
    " 'password_reset_requested', 'second_factor_confirmed', 'second_factor_removed', 'second_factor_reset',"
    " 'recovery_code_used', 'recovery_codes_renewed', 'session_ended'"
)
_SUBJECTS = "num_nonnulls(appointment_id, account_id, patient_id)"


def _change(table: str, constraint: str, condition: str) -> None:
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID"
    )
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE registrations (
            id uuid NOT NULL CONSTRAINT registrations_pkey PRIMARY KEY,
            email text NOT NULL CONSTRAINT registrations_email_lower CHECK (email = lower(email)),
            password_hash text NOT NULL,
            name text NOT NULL CONSTRAINT registrations_name_length CHECK (length(name) BETWEEN 1 AND 200),
            birth_date date NOT NULL,
            language text NOT NULL CONSTRAINT registrations_language_known CHECK (language IN ('en', 'ja')),
            expires_at timestamptz NOT NULL,
            code_hash bytea,
            tries integer NOT NULL DEFAULT 0
        )
        """
    )
    op.execute("CREATE INDEX registrations_by_expiry ON registrations (expires_at)")
    _change("notifications", "notifications_kind_known", f"kind IN ({_NOTICES}, {_NEW})")
    _change(
        "notifications",
        "notifications_one_subject",
        f"{_SUBJECTS} = CASE WHEN kind IN ({_NEW}) THEN 0 ELSE 1 END",
    )
    _change("security_events", "security_events_kind_known", f"kind IN ({_EVENTS}, 'account_registered')")


def downgrade() -> None:
    op.execute(f"DELETE FROM notifications WHERE kind IN ({_NEW})")
    _change("notifications", "notifications_one_subject", f"{_SUBJECTS} = 1")
    _change("notifications", "notifications_kind_known", f"kind IN ({_NOTICES})")
    # Events are never deleted: those of the new kind stay.
    op.execute(
        "ALTER TABLE security_events DROP CONSTRAINT security_events_kind_known,"
        f" ADD CONSTRAINT security_events_kind_known CHECK (kind IN ({_EVENTS})) NOT VALID"
    )
    op.execute("DROP TABLE registrations")
