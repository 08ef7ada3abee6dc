"""Notices that a second factor was removed, or recovery codes were renewed."""

from alembic import op

revision = "0050_pre_second_factor_notices"
down_revision = "0049_pre_first_calls"
branch_labels = None
depends_on = None

_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed', 'invitation', 'password_reset', 'turn', 'move_offer',"
    " 'registration_code', 'registration_known'"
)
_NEW = "'second_factor_removed', 'recovery_codes_renewed'"


def _kinds(kinds: str) -> None:
    op.execute(
        "ALTER TABLE notifications DROP CONSTRAINT notifications_kind_known,"
        f" ADD CONSTRAINT notifications_kind_known CHECK (kind IN ({kinds})) NOT VALID"
    )
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")


def upgrade() -> None:
    _kinds(f"{_NOTICES}, {_NEW}")


def downgrade() -> None:
    op.execute(f"DELETE FROM notifications WHERE kind IN ({_NEW})")
    _kinds(_NOTICES)
