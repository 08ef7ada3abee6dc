"""Passwords, credentials of devices, the end of sessions, rotation of signing keys, and what happened to accounts."""

from alembic import op

revision = "0004_pre_identity"
down_revision = "0003_pre_notifications"
branch_labels = None
depends_on = None

ACCOUNTS = """
ALTER TABLE accounts
    ALTER COLUMN email DROP NOT NULL,
    ADD COLUMN password_hash text,
    ADD COLUMN one_time_hash bytea,
    ADD COLUMN one_time_until timestamptz,
    ADD COLUMN generation integer DEFAULT 0 NOT NULL,
    ADD COLUMN sessions_ended_at timestamptz,
    ADD COLUMN disabled_at timestamptz;
CREATE INDEX accounts_by_end_of_sessions ON accounts (sessions_ended_at) WHERE sessions_ended_at IS NOT NULL;
"""

CREDENTIALS = """
CREATE TABLE credentials (
    secret_hash bytea CONSTRAINT credentials_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT credentials_account_fkey REFERENCES accounts
        CONSTRAINT credentials_account_unique UNIQUE,
    name text NOT NULL CONSTRAINT credentials_name_length CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);
"""

# The old release goes on signing with the newest key, which has been there long enough.
SIGNING_KEYS = """
ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz DEFAULT now() NOT NULL;
UPDATE signing_keys SET signs_from = created_at;
"""

SECURITY_EVENTS = """
CREATE TABLE security_events (
    id uuid CONSTRAINT security_events_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT security_events_account_fkey REFERENCES accounts,
    kind text NOT NULL CONSTRAINT security_events_kind_known CHECK (kind IN (
        'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset',
        'display_confirmed', 'display_revoked', 'service_account_created', 'refresh_token_reused')),
    actor text NOT NULL,
    family_id uuid,
    happened_at timestamptz NOT NULL
);
CREATE INDEX security_events_by_account ON security_events (account_id, happened_at);
CREATE UNIQUE INDEX security_events_one_reuse ON security_events (family_id) WHERE family_id IS NOT NULL;
CREATE FUNCTION keep_security_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'security_events is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
    FOR EACH STATEMENT EXECUTE FUNCTION keep_security_events();
"""


def upgrade() -> None:
    for statements in (ACCOUNTS, CREDENTIALS, SIGNING_KEYS, SECURITY_EVENTS):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP TABLE security_events, credentials")
    op.execute("DROP FUNCTION keep_security_events")
    op.execute("ALTER TABLE signing_keys DROP COLUMN signs_from")
    op.execute("DELETE FROM accounts WHERE email IS NULL")
    op.execute(
        "ALTER TABLE accounts ALTER COLUMN email SET NOT NULL, DROP COLUMN password_hash, DROP COLUMN one_time_hash,"
        " DROP COLUMN one_time_until, DROP COLUMN generation, DROP COLUMN sessions_ended_at, DROP COLUMN disabled_at"
    )
