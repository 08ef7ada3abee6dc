"""Mails with links: invitations, password resets, and confirmations of addresses."""

from alembic import op

revision = "0033_pre_links_by_mail"
down_revision = "0032_pre_holidays"
branch_labels = None
depends_on = None

_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed'"
)
_EVENTS = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused', 'account_enabled'"
)


def upgrade() -> None:
    op.execute("ALTER TABLE contact_changes ADD COLUMN link_hash bytea")
    _know("notifications", f"{_NOTICES}, 'invitation', 'password_reset'")
    _know("security_events", f"{_EVENTS}, 'password_reset_requested'")
    for table in ("notifications", "security_events"):
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_kind_known")


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE kind IN ('invitation', 'password_reset')")
    _know("notifications", _NOTICES)
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")
    # Events are never deleted: those of the new kind stay.
    _know("security_events", _EVENTS)
    op.execute("ALTER TABLE contact_changes DROP COLUMN link_hash")


def _know(table: str, kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_kind_known,
            ADD CONSTRAINT {table}_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
