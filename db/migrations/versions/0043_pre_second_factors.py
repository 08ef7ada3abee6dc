"""Second factors of accounts, and their recovery codes."""

from alembic import op

revision = "0043_pre_second_factors"
down_revision = "0042_pre_move_offers"
branch_labels = None
depends_on = None

_EVENTS = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused', 'account_enabled',"
    " 'password_reset_requested'"
)
_NEW = (
    "'second_factor_confirmed', 'second_factor_removed', 'second_factor_reset', 'recovery_code_used',"
    " 'recovery_codes_renewed'"
)


def upgrade() -> None:
    op.execute("""
        CREATE TABLE second_factors (
            account_id uuid NOT NULL CONSTRAINT second_factors_account_fkey REFERENCES accounts (id),
            secret_encrypted bytea NOT NULL,
            created_at timestamptz NOT NULL,
            confirmed_at timestamptz,
            last_step bigint NOT NULL,
            CONSTRAINT second_factors_pkey PRIMARY KEY (account_id)
        )
    """)
    op.execute("""
        CREATE TABLE recovery_codes (
            account_id uuid NOT NULL CONSTRAINT recovery_codes_account_fkey
                REFERENCES second_factors (account_id) ON DELETE CASCADE,
            code_hash bytea NOT NULL,
            CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, code_hash)
        )
    """)
    _know(f"{_EVENTS}, {_NEW}")
    op.execute("ALTER TABLE security_events VALIDATE CONSTRAINT security_events_kind_known")


def downgrade() -> None:
    # Events are never deleted: those of the new kinds stay.
    _know(_EVENTS)
    op.execute("DROP TABLE recovery_codes")
    op.execute("DROP TABLE second_factors")


def _know(kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE security_events DROP CONSTRAINT security_events_kind_known,
            ADD CONSTRAINT security_events_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
