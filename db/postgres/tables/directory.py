"""Practitioners, doctors with their working hours, patients."""

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZMULTIRANGE, TSVECTOR

from db.postgres.tables import search_functions  # noqa: F401 (the functions of the computed columns)
from db.postgres.tables.common import INSTANT, UUID, check, identifiers, metadata, not_null, reference

practitioners = Table(
    "practitioners",
    metadata,
    not_null("id", UUID),
    not_null("name", Text(), check("practitioners_name_length", "length(name) BETWEEN 1 AND 200")),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    PrimaryKeyConstraint("id", name="practitioners_pkey"),
)
Index("practitioners_by_name", practitioners.c.name.collate("C"), practitioners.c.id)

doctors = Table(
    "doctors",
    metadata,
    not_null("id", UUID),
    reference("doctors", "practitioner"),
    reference("doctors", "clinic"),
    not_null("specialty", Text(), check("doctors_specialty_length", "length(specialty) BETWEEN 1 AND 100")),
    not_null("active", Boolean()),
    not_null("version", Integer()),
    not_null("hours_version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    # The periods of the table time_off that may still be asked for, where every read of slots finds them.
    Column("time_off", TSTZMULTIRANGE(), nullable=False, server_default="{}"),
    # Sessions on single dates beside the working hours: [date, start, end, minutes of a slot, capacity], by start.
    Column("extra_sessions", JSONB(), nullable=False, server_default="[]"),
    PrimaryKeyConstraint("id", name="doctors_pkey"),
    UniqueConstraint("practitioner_id", "clinic_id", name="doctors_one_per_clinic"),
    UniqueConstraint("id", "practitioner_id", "clinic_id", name="doctors_identity"),
)
Index("doctors_by_clinic", doctors.c.clinic_id)
Index("doctors_by_specialty", func.lower(doctors.c.specialty))

working_hours = Table(
    "working_hours",
    metadata,
    reference("working_hours", "doctor"),
    not_null("valid_from", Date()),
    PrimaryKeyConstraint("doctor_id", "valid_from", name="working_hours_pkey"),
)
working_sessions = Table(
    "working_sessions",
    metadata,
    not_null("doctor_id", UUID),
    not_null("valid_from", Date()),
    not_null("weekday", SmallInteger(), check("working_sessions_weekday_iso", "weekday BETWEEN 1 AND 7")),
    not_null("start_local", Time()),
    not_null("end_local", Time()),
    not_null(
        "slot_minutes",
        SmallInteger(),
        check("working_sessions_slot_minutes_range", "slot_minutes BETWEEN 5 AND 480"),
    ),
    not_null("capacity", SmallInteger(), check("working_sessions_capacity_range", "capacity BETWEEN 1 AND 50")),
    PrimaryKeyConstraint("doctor_id", "valid_from", "weekday", "start_local", name="working_sessions_pkey"),
    ForeignKeyConstraint(
        ["doctor_id", "valid_from"],
        ["working_hours.doctor_id", "working_hours.valid_from"],
        name="working_sessions_hours_fkey",
        ondelete="CASCADE",
    ),
)

patients = Table(
    "patients",
    metadata,
    not_null("id", UUID),
    not_null("name", Text(), check("patients_name_length", "length(name) BETWEEN 1 AND 200")),
    Column("birth_date", Date()),
    not_null("phone", Text()),
    not_null("email", Text()),
    not_null("version", Integer()),
    not_null("created_at", INSTANT),
    not_null("updated_at", INSTANT),
    Column(
        "language",
        Text(),
        check("patients_language_known", "language IN ('en', 'ja')"),
        nullable=False,
        server_default="en",
    ),
    # The address and number before they were removed; empty while there is a current one.
    Column("former_email", Text(), nullable=False, server_default=""),
    Column("former_phone", Text(), nullable=False, server_default=""),
    # The reading of the name.
    Column(
        "name_kana",
        Text(),
        check("patients_name_kana_length", "length(name_kana) <= 200"),
        nullable=False,
        server_default="",
    ),
    Column("deceased", Boolean(), nullable=False, server_default=false()),
    Column("inactive", Boolean(), nullable=False, server_default=false()),
    # How much of `birth_date` is known; of what is not, it has the first.
    Column(
        "birth_precision",
        Text(),
        check("patients_birth_precision_known", "birth_precision IN ('day', 'month', 'year')"),
        nullable=False,
        server_default="day",
    ),
    # What patients are found and sorted by.
    Column(
        "search_terms",
        TSVECTOR,
        Computed(
            "patient_terms(name_parts(name), name_parts(name_kana), birth_date, birth_precision, phone)",
            persisted=True,
        ),
    ),
    Column("sort_name", Text(collation="C"), Computed("name_order(name)", persisted=True)),
    Column(
        "sort_reading",
        Text(collation="C"),
        Computed("name_order(CASE name_kana WHEN '' THEN name ELSE name_kana END)", persisted=True),
    ),
    # The entry that this person's data are filed under, if this one was a duplicate.
    Column("replaced_by", UUID),
    check("patients_replaced_by_another", "replaced_by <> id"),
    ForeignKeyConstraint(["replaced_by"], ["patients.id"], name="patients_replaced_by_fkey"),
    PrimaryKeyConstraint("id", name="patients_pkey"),
)
# Without a list of pending entries, which every search would read.
Index(
    "patients_by_terms",
    patients.c.search_terms,
    postgresql_using="gin",
    postgresql_with={"fastupdate": "off"},
)
Index("patients_by_replacement", patients.c.replaced_by, postgresql_where=patients.c.replaced_by.is_not(None))

contact_changes = Table(
    "contact_changes",
    metadata,
    # The same id as the notice that carries the code.
    not_null("id", UUID),
    reference("contact_changes", "patient"),
    not_null("kind", Text(), check("contact_changes_kind_known", "kind IN ('email', 'phone')")),
    not_null("value", Text()),
    # NULL until the code is sent.
    Column("code_hash", LargeBinary()),
    # By everybody but the patient.
    not_null("tries", Integer()),
    not_null("expires_at", INSTANT),
    # SHA-256 of the token in the link of the mail; NULL if there is none.
    Column("link_hash", LargeBinary()),
    # Who acted for the patient when it was asked for.
    Column("representative_ids", ARRAY(UUID), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("id", name="contact_changes_pkey"),
    UniqueConstraint("patient_id", "kind", name="contact_changes_one_of_a_kind"),
)
contact_tries = Table(
    "contact_tries",
    metadata,
    not_null("change_id", UUID),
    not_null("account_id", Text()),
    not_null("tries", Integer()),
    PrimaryKeyConstraint("change_id", "account_id", name="contact_tries_pkey"),
    ForeignKeyConstraint(["change_id"], ["contact_changes.id"], name="contact_tries_change_fkey", ondelete="CASCADE"),
)
Index("contact_changes_by_end", contact_changes.c.expires_at)
Index(
    "contact_changes_of_families",
    contact_changes.c.patient_id,
    postgresql_where=text("representative_ids <> '{}'"),
)

clinic_identifiers = identifiers("clinic")
practitioner_identifiers = identifiers("practitioner")
patient_identifiers = identifiers("patient")

reserved_systems = Table(
    "reserved_systems",
    metadata,
    # Only imports write identifiers of this system.
    not_null("system", Text()),
    # An account's id, or the importer.
    not_null("actor", Text()),
    not_null("created_at", INSTANT),
    PrimaryKeyConstraint("system", name="reserved_systems_pkey"),
)
