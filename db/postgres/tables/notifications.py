"""The ledger of notices: what is sent to whom, each once."""

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null

notifications = Table(
    "notifications",
    metadata,
    not_null("id", UUID),
    not_null(
        "kind",
        Text(),
        check(
            "notifications_kind_known",
            "kind IN ('confirmation', 'change', 'cancellation', 'reminder', 'withdrawal', 'security_warning',"
            " 'contact_code', 'contact_changed', 'details_changed', 'invitation', 'password_reset', 'turn',"
            " 'move_offer', 'registration_code', 'registration_known', 'second_factor_removed',"
            " 'recovery_codes_renewed', 'representative_added', 'representative_ended')",
        ),
    ),
    Column("appointment_id", UUID, ForeignKey("appointments.id", name="notifications_appointment_fkey")),
    Column("account_id", UUID, ForeignKey("accounts.id", name="notifications_account_fkey")),
    not_null("version", Integer()),
    not_null("channel", Text(), check("notifications_channel_known", "channel IN ('email', 'sms', 'none')")),
    not_null(
        "status",
        Text(),
        check("notifications_status_known", "status IN ('planned', 'waiting', 'sending', 'sent', 'dead', 'dropped')"),
    ),
    not_null(
        "outcome",
        Text(),
        check(
            "notifications_outcome_known",
            "outcome IN"
            " ('', 'outcome_unknown', 'refused', 'failed', 'no_address', 'bad_address', 'superseded', 'expired')",
        ),
    ),
    not_null("attempts", Integer()),
    not_null("due_at", INSTANT),
    not_null("expires_at", INSTANT),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    Column("recipient", Text(), nullable=False, server_default=""),
    Column("patient_id", UUID, ForeignKey("patients.id", name="notifications_patient_fkey")),
    # Of a notice of several appointments of a series: (version, start in seconds) of each but its own, by id.
    Column("series_entries", JSONB()),
    PrimaryKeyConstraint("id", name="notifications_pkey"),
    UniqueConstraint("appointment_id", "kind", "version", name="notifications_once"),
    # Who registers is nobody yet.
    check(
        "notifications_one_subject",
        "num_nonnulls(appointment_id, account_id, patient_id)"
        " = CASE WHEN kind IN ('registration_code', 'registration_known') THEN 0 ELSE 1 END",
    ),
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
