"""Patients are told when their turn comes soon: from how many before them, and which tickets were."""

from alembic import op

revision = "0038_pre_turn_notices"
down_revision = "0037_pre_announcements"
branch_labels = None
depends_on = None

_NOTICES = (
    "'confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning', 'contact_code',"
    " 'contact_changed', 'details_changed', 'invitation', 'password_reset'"
)


def upgrade() -> None:
    op.execute("ALTER TABLE queue_rules ADD COLUMN tell_before integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE tickets ADD COLUMN told_at timestamptz")
    _know(f"{_NOTICES}, 'turn'")


def downgrade() -> None:
    op.execute("DELETE FROM notifications WHERE kind = 'turn'")
    _know(_NOTICES)
    op.execute("ALTER TABLE tickets DROP COLUMN told_at")
    op.execute("ALTER TABLE queue_rules DROP COLUMN tell_before")


def _know(kinds: str) -> None:
    op.execute(f"""
        ALTER TABLE notifications DROP CONSTRAINT notifications_kind_known,
            ADD CONSTRAINT notifications_kind_known CHECK (kind IN ({kinds})) NOT VALID
    """)
    op.execute("ALTER TABLE notifications VALIDATE CONSTRAINT notifications_kind_known")
