"""Accounts, their credentials and security events, and the keys that sign their tokens."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

accounts = Table(
    "accounts",
    metadata,
    not_null("id", UUID),
    # None for displays and hospital systems.
    Column("email", Text(), check("accounts_email_lower", "email = lower(email)")),
    not_null("roles", ARRAY(Text())),
    not_null("clinic_ids", ARRAY(UUID)),
    not_null("all_clinics", Boolean()),
    Column("patient_id", UUID, ForeignKey("patients.id", name="accounts_patient_fkey")),
    Column("doctor_id", UUID, ForeignKey("doctors.id", name="accounts_doctor_fkey")),
    not_null("created_at", INSTANT),
    Column("password_hash", Text()),
    # SHA-256 of the token that sets the password.
    Column("one_time_hash", LargeBinary()),
    Column("one_time_until", INSTANT),
    # Raising it ends all sessions: tokens of a lower generation are refused.
    Column("generation", Integer(), nullable=False, server_default=text("0")),
    Column("sessions_ended_at", INSTANT),
    Column("disabled_at", INSTANT),
    PrimaryKeyConstraint("id", name="accounts_pkey"),
    UniqueConstraint("email", name="accounts_email_unique"),
)
Index("accounts_by_patient", accounts.c.patient_id, postgresql_where=text("patient_id IS NOT NULL"))
# Of those who work here there are few, of patients many.
Index("accounts_of_others", accounts.c.id, postgresql_where=text("patient_id IS NULL"))
Index(
    "accounts_of_patients_by_email",
    accounts.c.email.collate("C"),
    postgresql_where=text("patient_id IS NOT NULL"),
)
Index(
    "accounts_by_end_of_sessions",
    accounts.c.sessions_ended_at,
    postgresql_where=text("sessions_ended_at IS NOT NULL"),
)

credentials = Table(
    "credentials",
    metadata,
    # SHA-256 of a device token.
    not_null("secret_hash", LargeBinary()),
    reference("credentials", "account"),
    not_null("name", Text(), check("credentials_name_length", "length(name) BETWEEN 1 AND 100")),
    not_null("created_at", INSTANT),
    # What the client certificate of a hospital system says who it is.
    Column("certificate_name", Text()),
    PrimaryKeyConstraint("secret_hash", name="credentials_pkey"),
    UniqueConstraint("account_id", name="credentials_account_unique"),
    UniqueConstraint("certificate_name", name="credentials_certificate_unique"),
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    # Of the family of refresh tokens that began with a sign-in.
    not_null("id", UUID),
    not_null("ended_at", INSTANT),
    PrimaryKeyConstraint("id", name="ended_sessions_pkey"),
)
Index("ended_sessions_by_time", ended_sessions.c.ended_at)

second_factors = Table(
    "second_factors",
    metadata,
    Column("account_id", UUID, ForeignKey("accounts.id", name="second_factors_account_fkey"), nullable=False),
    # Of the authenticator app; encrypted.
    not_null("secret_encrypted", LargeBinary()),
    not_null("created_at", INSTANT),
    # None until a code has shown that the app has the secret.
    Column("confirmed_at", INSTANT),
    # The newest time step whose code was used: that code and older ones are refused.
    not_null("last_step", BigInteger()),
    PrimaryKeyConstraint("account_id", name="second_factors_pkey"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column(
        "account_id",
        UUID,
        ForeignKey("second_factors.account_id", name="recovery_codes_account_fkey", ondelete="CASCADE"),
        nullable=False,
    ),
    # SHA-256 of a code that was not used yet.
    not_null("code_hash", LargeBinary()),
    PrimaryKeyConstraint("account_id", "code_hash", name="recovery_codes_pkey"),
)

# Accounts of patients that act for other patients.
representatives = Table(
    "representatives",
    metadata,
    not_null("id", UUID),
    reference("representatives", "account"),
    reference("representatives", "patient"),
    not_null(
        "relation", Text(), check("representatives_relation_known", "relation IN ('parent', 'guardian', 'carer')")
    ),
    # Whose staff added it, and whose policy and time zone hold.
    reference("representatives", "clinic"),
    # What staff saw as evidence.
    not_null("note", Text(), check("representatives_note_length", "length(note) BETWEEN 1 AND 500")),
    # Whether the patient was a minor then: the age limits of the policy hold as well as `ends_at`.
    not_null("of_minor", Boolean()),
    not_null("ends_at", INSTANT),
    not_null("created_at", INSTANT),
    # When somebody ended it.
    Column("ended_at", INSTANT),
    PrimaryKeyConstraint("id", name="representatives_pkey"),
)
Index(
    "representatives_once",
    representatives.c.account_id,
    representatives.c.patient_id,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
Index("representatives_by_beginning", representatives.c.created_at)
Index("representatives_by_patient", representatives.c.patient_id, representatives.c.created_at)
Index("representatives_by_end", representatives.c.ended_at, postgresql_where=text("ended_at IS NOT NULL"))

signing_keys = Table(
    "signing_keys",
    metadata,
    not_null("kid", Text()),
    not_null("public_key", LargeBinary()),
    not_null("private_key_encrypted", LargeBinary()),
    not_null("created_at", INSTANT),
    Column("signs_from", INSTANT, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("kid", name="signing_keys_pkey"),
)

security_events = Table(
    "security_events",
    metadata,
    not_null("id", UUID),
    reference("security_events", "account"),
    not_null(
        "kind",
        Text(),
        check(
            "security_events_kind_known",
            "kind IN ('account_invited', 'account_disabled', 'password_set', 'password_changed', 'password_reset',"
            " 'display_confirmed', 'display_revoked', 'service_account_created', 'refresh_token_reused',"
            " 'account_enabled', 'password_reset_requested', 'second_factor_confirmed', 'second_factor_removed',"
            " 'second_factor_reset', 'recovery_code_used', 'recovery_codes_renewed', 'session_ended',"
            " 'account_registered', 'representative_added', 'representative_ended')",
        ),
    ),
    # An account's id, or the name of a program that acts on nobody's behalf.
    not_null("actor", Text()),
    Column("family_id", UUID),
    not_null("happened_at", INSTANT),
    PrimaryKeyConstraint("id", name="security_events_pkey"),
)
Index("security_events_by_account", security_events.c.account_id, security_events.c.happened_at)
# The reuse of a family's tokens is recorded once.
Index(
    "security_events_one_reuse",
    security_events.c.family_id,
    unique=True,
    postgresql_where=text("family_id IS NOT NULL"),
)
# The function is made with the tables of medical records (records.py).
_APPEND_ONLY = """
CREATE TRIGGER security_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
# Tokens contain the rights of their account, so any change of these must end them, in whatever way it was made.
_END_SESSIONS = """
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.generation := OLD.generation + 1;
    NEW.sessions_ended_at := now();
    RETURN NEW;
END $$
"""
_RIGHTS_END_SESSIONS = """
CREATE TRIGGER accounts_rights_end_sessions BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN ((OLD.roles, OLD.clinic_ids, OLD.all_clinics, OLD.patient_id, OLD.doctor_id)
        IS DISTINCT FROM (NEW.roles, NEW.clinic_ids, NEW.all_clinics, NEW.patient_id, NEW.doctor_id))
    EXECUTE FUNCTION end_sessions()
"""
for _statement in (_END_SESSIONS, _RIGHTS_END_SESSIONS):
    event.listen(accounts, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
event.listen(security_events, "after_create", DDL(_APPEND_ONLY))  # type: ignore[no-untyped-call]
