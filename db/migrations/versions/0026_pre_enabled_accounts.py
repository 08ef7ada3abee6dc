"""That a disabled account was enabled again is recorded too."""

from alembic import op

revision = "0026_pre_enabled_accounts"
down_revision = "0025_pre_appointment_types"
branch_labels = None
depends_on = None

_BEFORE = (
    "'account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset', 'display_confirmed',"
    " 'display_revoked', 'service_account_created', 'refresh_token_reused'"
)


def upgrade() -> None:
    _know(f"{_BEFORE}, 'account_enabled'")
    op.execute("ALTER TABLE security_events VALIDATE CONSTRAINT security_events_kind_known")


def downgrade() -> None:
    # Events are never deleted: those of the new kind stay.
    _know(_BEFORE)


def _know(kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE security_events DROP CONSTRAINT security_events_kind_known,
            ADD CONSTRAINT security_events_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
