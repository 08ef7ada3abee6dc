"""Patients are found by name whatever its width and case, and with or without characters that nobody sees."""

from alembic import op

revision = "0019_pre_folded_names"
down_revision = "0018_pre_standing_of_patients"
branch_labels = None
depends_on = None

_IGNORABLE = (
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_FOLDED = rf"lower(regexp_replace(normalize(regexp_replace(name, '{_IGNORABLE}', '', 'g'), NFKC), '\s+', ' ', 'g'))"


def upgrade() -> None:
    # Rewrites the table and its indexes, which locks it: some seconds for a million patients.
    op.execute(f"ALTER TABLE patients ALTER COLUMN name_key SET EXPRESSION AS ({_FOLDED})")


def downgrade() -> None:
    op.execute("ALTER TABLE patients ALTER COLUMN name_key SET EXPRESSION AS (lower(name))")
