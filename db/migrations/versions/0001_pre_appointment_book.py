"""The appointment book: clinics, doctors, hours, patients, appointments, days, idempotency, identity."""

from alembic import op

revision = "0001_pre_appointment_book"
down_revision = None
branch_labels = None
depends_on = None

DIRECTORY = """
CREATE TABLE clinics (
    id uuid CONSTRAINT clinics_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT clinics_name_length CHECK (length(name) BETWEEN 1 AND 200),
    time_zone text NOT NULL,
    horizon_days integer NOT NULL CONSTRAINT clinics_horizon_days_range CHECK (horizon_days BETWEEN 1 AND 730),
    min_notice_minutes integer NOT NULL CONSTRAINT clinics_min_notice_range CHECK (min_notice_minutes >= 0),
    cancel_by_minutes integer NOT NULL CONSTRAINT clinics_cancel_by_range CHECK (cancel_by_minutes >= 0),
    max_per_patient_day integer NOT NULL
        CONSTRAINT clinics_max_per_patient_day_range CHECK (max_per_patient_day >= 1),
    buffer_minutes integer NOT NULL CONSTRAINT clinics_buffer_range CHECK (buffer_minutes BETWEEN 0 AND 240),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX clinics_by_name ON clinics (name COLLATE "C", id);

CREATE TABLE practitioners (
    id uuid CONSTRAINT practitioners_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT practitioners_name_length CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX practitioners_by_name ON practitioners (name COLLATE "C", id);

CREATE TABLE doctors (
    id uuid CONSTRAINT doctors_pkey PRIMARY KEY,
    practitioner_id uuid NOT NULL CONSTRAINT doctors_practitioner_fkey REFERENCES practitioners,
    clinic_id uuid NOT NULL CONSTRAINT doctors_clinic_fkey REFERENCES clinics,
    specialty text NOT NULL CONSTRAINT doctors_specialty_length CHECK (length(specialty) BETWEEN 1 AND 100),
    active boolean NOT NULL,
    version integer NOT NULL,
    hours_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT doctors_one_per_clinic UNIQUE (practitioner_id, clinic_id),
    CONSTRAINT doctors_identity UNIQUE (id, practitioner_id, clinic_id)
);
CREATE INDEX doctors_by_clinic ON doctors (clinic_id);
CREATE INDEX doctors_by_specialty ON doctors (specialty);

CREATE TABLE working_hours (
    doctor_id uuid NOT NULL CONSTRAINT working_hours_doctor_fkey REFERENCES doctors,
    valid_from date NOT NULL,
    CONSTRAINT working_hours_pkey PRIMARY KEY (doctor_id, valid_from)
);
CREATE TABLE working_sessions (
    doctor_id uuid NOT NULL,
    valid_from date NOT NULL,
    weekday smallint NOT NULL CONSTRAINT working_sessions_weekday_iso CHECK (weekday BETWEEN 1 AND 7),
    start_local time NOT NULL,
    end_local time NOT NULL,
    slot_minutes smallint NOT NULL
        CONSTRAINT working_sessions_slot_minutes_range CHECK (slot_minutes BETWEEN 5 AND 480),
    capacity smallint NOT NULL CONSTRAINT working_sessions_capacity_range CHECK (capacity BETWEEN 1 AND 50),
    CONSTRAINT working_sessions_pkey PRIMARY KEY (doctor_id, valid_from, weekday, start_local),
    CONSTRAINT working_sessions_hours_fkey FOREIGN KEY (doctor_id, valid_from)
        REFERENCES working_hours ON DELETE CASCADE
);

CREATE TABLE patients (
    id uuid CONSTRAINT patients_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT patients_name_length CHECK (length(name) BETWEEN 1 AND 200),
    name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    birth_date date,
    phone text NOT NULL,
    email text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX patients_by_name ON patients (name_key, id);
"""

APPOINTMENTS = """
CREATE TABLE appointments (
    id uuid CONSTRAINT appointments_pkey PRIMARY KEY,
    doctor_id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    clinic_id uuid NOT NULL,
    patient_id uuid NOT NULL CONSTRAINT appointments_patient_fkey REFERENCES patients,
    date date NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    during tstzrange NOT NULL,
    seat smallint NOT NULL CONSTRAINT appointments_seat_range CHECK (seat >= 1),
    status text NOT NULL CONSTRAINT appointments_status_known CHECK (status IN (
        'held', 'scheduled', 'checked_in', 'in_progress', 'completed', 'cancelled', 'expired', 'no_show')),
    held_until timestamptz,
    reason text NOT NULL CONSTRAINT appointments_reason_length CHECK (length(reason) <= 500),
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT appointments_doctor_fkey FOREIGN KEY (doctor_id, practitioner_id, clinic_id)
        REFERENCES doctors (id, practitioner_id, clinic_id),
    CONSTRAINT appointments_end_after_start CHECK (end_at > start_at),
    CONSTRAINT appointments_during_covers CHECK (lower(during) = start_at AND upper(during) >= end_at),
    CONSTRAINT appointments_hold_has_end CHECK ((status = 'held') = (held_until IS NOT NULL)),
    CONSTRAINT appointments_no_overlap EXCLUDE USING gist (doctor_id WITH =, seat WITH =, during WITH &&)
        WHERE (status IN ('held', 'scheduled', 'checked_in', 'in_progress')),
    CONSTRAINT appointments_practitioner_no_overlap
        EXCLUDE USING gist (practitioner_id WITH =, during WITH &&, doctor_id WITH <>)
        WHERE (status IN ('held', 'scheduled', 'checked_in', 'in_progress')),
    CONSTRAINT appointments_patient_no_overlap
        EXCLUDE USING gist (patient_id WITH =, tstzrange(start_at, end_at) WITH &&)
        WHERE (status IN ('held', 'scheduled', 'checked_in', 'in_progress'))
);
CREATE INDEX appointments_by_patient ON appointments (patient_id, date, start_at, id);
CREATE INDEX appointments_by_doctor ON appointments (doctor_id, date, start_at, id);
CREATE INDEX appointments_by_clinic ON appointments (clinic_id, date, start_at, id);

CREATE TABLE appointment_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT appointment_events_pkey PRIMARY KEY,
    appointment_id uuid NOT NULL CONSTRAINT appointment_events_appointment_fkey REFERENCES appointments,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    event text NOT NULL CONSTRAINT appointment_events_event_known CHECK (event IN (
        'booked', 'overridden', 'rescheduled', 'cancelled', 'expired', 'imported')),
    note text NOT NULL
);
CREATE INDEX appointment_events_by_appointment ON appointment_events (appointment_id, happened_at);

CREATE TABLE schedule_days (
    doctor_id uuid NOT NULL CONSTRAINT schedule_days_doctor_fkey REFERENCES doctors,
    date date NOT NULL,
    revision integer NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT schedule_days_pkey PRIMARY KEY (doctor_id, date)
);
"""

IDENTIFIERS = """
CREATE TABLE {noun}_identifiers (
    system text NOT NULL,
    value text NOT NULL,
    {noun}_id uuid NOT NULL CONSTRAINT {noun}_identifiers_{noun}_fkey REFERENCES {noun}s,
    CONSTRAINT {noun}_identifiers_pkey PRIMARY KEY (system, value)
);
CREATE INDEX {noun}_identifiers_by_{noun} ON {noun}_identifiers ({noun}_id);
"""

IDENTITY = """
CREATE TABLE accounts (
    id uuid CONSTRAINT accounts_pkey PRIMARY KEY,
    email text NOT NULL CONSTRAINT accounts_email_unique UNIQUE
        CONSTRAINT accounts_email_lower CHECK (email = lower(email)),
    roles text[] NOT NULL,
    clinic_ids uuid[] NOT NULL,
    all_clinics boolean NOT NULL,
    patient_id uuid CONSTRAINT accounts_patient_fkey REFERENCES patients,
    doctor_id uuid CONSTRAINT accounts_doctor_fkey REFERENCES doctors,
    created_at timestamptz NOT NULL
);
CREATE TABLE signing_keys (
    kid text CONSTRAINT signing_keys_pkey PRIMARY KEY,
    public_key bytea NOT NULL,
    private_key_encrypted bytea NOT NULL,
    created_at timestamptz NOT NULL
);
"""

BOOKKEEPING = """
CREATE TABLE idempotency_keys (
    caller_id text NOT NULL,
    request_id uuid NOT NULL,
    digest bytea NOT NULL,
    response bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller_id, request_id)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE cluster_epoch (
    one boolean CONSTRAINT cluster_epoch_pkey PRIMARY KEY CONSTRAINT cluster_epoch_one_row CHECK (one),
    epoch integer NOT NULL
);
INSERT INTO cluster_epoch (one, epoch) VALUES (true, 1);
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(DIRECTORY)
    op.execute(APPOINTMENTS)
    for noun in ("clinic", "practitioner", "patient", "appointment"):
        op.execute(IDENTIFIERS.format(noun=noun))
    op.execute(IDENTITY)
    op.execute(BOOKKEEPING)


def downgrade() -> None:
    op.execute(
        "DROP TABLE cluster_epoch, idempotency_keys, signing_keys, accounts, appointment_identifiers,"
        " patient_identifiers, practitioner_identifiers, clinic_identifiers, schedule_days, appointment_events,"
        " appointments, patients, working_sessions, working_hours, doctors, practitioners, clinics"
    )
