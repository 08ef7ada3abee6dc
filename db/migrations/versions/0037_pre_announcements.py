"""What staff have to say to those who wait, on screens."""

from alembic import op

revision = "0037_pre_announcements"
down_revision = "0036_pre_time_off"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE announcements (
    place_id uuid CONSTRAINT announcements_pkey PRIMARY KEY,
    clinic_id uuid NOT NULL CONSTRAINT announcements_clinic_fkey REFERENCES clinics,
    text text NOT NULL CONSTRAINT announcements_text_length CHECK (length(text) <= 200),
    actor text NOT NULL,
    set_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(_TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE announcements")
