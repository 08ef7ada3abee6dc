"""The feeds of clinics: the changes that hospital systems receive."""

from sqlalchemy import BigInteger, PrimaryKeyConstraint, Table, Text

from db.postgres.tables.common import INSTANT, UUID, column, metadata, reference

clinic_feeds = Table(
    "clinic_feeds",
    metadata,
    reference("clinic_feeds", "clinic"),
    column("seq", BigInteger()),
    PrimaryKeyConstraint("clinic_id", name="clinic_feeds_pkey"),
)
"""The number of each clinic's newest change; its row is the lock that puts changes into commit order."""

# Without foreign keys: every booking would pay for checking them, and the ids come from rows that have them.
appointment_changes = Table(
    "appointment_changes",
    metadata,
    column("clinic_id", UUID),
    column("seq", BigInteger()),
    column("appointment_id", UUID),
    column("event", Text()),
    column("happened_at", INSTANT),
    PrimaryKeyConstraint("clinic_id", "seq", name="appointment_changes_pkey"),
)
