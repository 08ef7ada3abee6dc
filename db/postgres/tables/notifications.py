"""The ledger of notices: what is sent to whom, each once."""

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint, text

from db.postgres.tables.common import INSTANT, UUID, check, column, metadata

notifications = Table(
    "notifications",
    metadata,
    column("id", UUID),
    column(
        "kind",
        Text(),
        check(
            "notifications_kind_known",
            "kind IN ('confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning',"
            " 'contact_code', 'contact_changed', 'details_changed')",
        ),
    ),
    Column("appointment_id", UUID, ForeignKey("appointments.id", name="notifications_appointment_fkey")),
    Column("account_id", UUID, ForeignKey("accounts.id", name="notifications_account_fkey")),
    column("version", Integer()),
    column("channel", Text(), check("notifications_channel_known", "channel IN ('email', 'sms', 'none')")),
    column(
        "status",
        Text(),
        check("notifications_status_known", "status IN ('planned', 'waiting', 'sending', 'sent', 'dead', 'dropped')"),
    ),
    column(
        "outcome",
        Text(),
        check(
            "notifications_outcome_known",
            "outcome IN"
            " ('', 'outcome_unknown', 'refused', 'failed', 'no_address', 'bad_address', 'superseded', 'expired')",
        ),
    ),
    column("attempts", Integer()),
    column("due_at", INSTANT),
    column("expires_at", INSTANT),
    column("created_at", INSTANT),
    column("updated_at", INSTANT),
    Column("recipient", Text(), nullable=False, server_default=""),
    Column("patient_id", UUID, ForeignKey("patients.id", name="notifications_patient_fkey")),
    PrimaryKeyConstraint("id", name="notifications_pkey"),
    UniqueConstraint("appointment_id", "kind", "version", name="notifications_once"),
    check("notifications_one_subject", "num_nonnulls(appointment_id, account_id, patient_id) = 1"),
)
_CONTACTS = text("patient_id IS NOT NULL")
Index("notifications_by_patient", notifications.c.patient_id, notifications.c.created_at, postgresql_where=_CONTACTS)
Index(
    "notifications_by_recipient",
    notifications.c.recipient,
    notifications.c.created_at,
    postgresql_where=_CONTACTS,
)
Index("notifications_by_status", notifications.c.status, notifications.c.id)
Index("notifications_due", notifications.c.due_at, postgresql_where=text("status = 'planned'"))
