"""Registrations of patients whose email is not confirmed yet."""

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null

registrations = Table(
    "registrations",
    metadata,
    # Also the id of the notice that carries the code.
    not_null("id", UUID),
    not_null("email", Text(), check("registrations_email_lower", "email = lower(email)")),
    not_null("password_hash", Text()),
    not_null("name", Text(), check("registrations_name_length", "length(name) BETWEEN 1 AND 200")),
    not_null("birth_date", Date()),
    not_null("language", Text(), check("registrations_language_known", "language IN ('en', 'ja')")),
    not_null("expires_at", INSTANT),
    # Made when the mail is sent; none is made for an email that has an account.
    Column("code_hash", LargeBinary()),
    Column("tries", Integer(), nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("id", name="registrations_pkey"),
)
Index("registrations_by_expiry", registrations.c.expires_at)
