"""Accounts and the keys that sign their tokens."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.postgres.tables.common import INSTANT, UUID, check, column, metadata

accounts = Table(
    "accounts",
    metadata,
    column("id", UUID),
    column("email", Text(), check("accounts_email_lower", "email = lower(email)")),
    column("roles", ARRAY(Text())),
    column("clinic_ids", ARRAY(UUID)),
    column("all_clinics", Boolean()),
    Column("patient_id", UUID, ForeignKey("patients.id", name="accounts_patient_fkey")),
    Column("doctor_id", UUID, ForeignKey("doctors.id", name="accounts_doctor_fkey")),
    column("created_at", INSTANT),
    PrimaryKeyConstraint("id", name="accounts_pkey"),
    UniqueConstraint("email", name="accounts_email_unique"),
)
signing_keys = Table(
    "signing_keys",
    metadata,
    column("kid", Text()),
    column("public_key", LargeBinary()),
    column("private_key_encrypted", LargeBinary()),
    column("created_at", INSTANT),
    PrimaryKeyConstraint("kid", name="signing_keys_pkey"),
)
