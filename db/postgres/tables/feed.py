"""The feeds of clinics: the changes that hospital systems receive."""

from sqlalchemy import BigInteger, PrimaryKeyConstraint, Table, Text

from db.postgres.tables.common import INSTANT, UUID, metadata, not_null, reference

clinic_feeds = Table(
    "clinic_feeds",
    metadata,
    reference("clinic_feeds", "clinic"),
    not_null("seq", BigInteger()),
    PrimaryKeyConstraint("clinic_id", name="clinic_feeds_pkey"),
)
"""The number of each clinic's newest change; its row is the lock that puts changes into commit order."""

# Without foreign keys: every booking would pay for checking them, and the ids come from rows that have them.
appointment_changes = Table(
    "appointment_changes",
    metadata,
    not_null("clinic_id", UUID),
    not_null("seq", BigInteger()),
    not_null("appointment_id", UUID),
    not_null("event", Text()),
    not_null("happened_at", INSTANT),
    PrimaryKeyConstraint("clinic_id", "seq", name="appointment_changes_pkey"),
)
