"""Sessions that their owners end one by one."""

from alembic import op

revision = "0046_pre_ended_sessions"
down_revision = "0045_pre_series_entries"
branch_labels = None
depends_on = None

_EVENTS = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused', 'account_enabled',"
    " 'password_reset_requested', 'second_factor_confirmed', 'second_factor_removed', 'second_factor_reset',"
    " 'recovery_code_used', 'recovery_codes_renewed'"
)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE ended_sessions (
            id uuid NOT NULL,
            ended_at timestamptz NOT NULL,
            CONSTRAINT ended_sessions_pkey PRIMARY KEY (id)
        )
    """)
    op.execute("CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at)")
    _know(f"{_EVENTS}, 'session_ended'")
    op.execute("ALTER TABLE security_events VALIDATE CONSTRAINT security_events_kind_known")


def downgrade() -> None:
    # Events are never deleted: those of the new kind stay.
    _know(_EVENTS)
    op.execute("DROP TABLE ended_sessions")


def _know(kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE security_events DROP CONSTRAINT security_events_kind_known,
            ADD CONSTRAINT security_events_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
