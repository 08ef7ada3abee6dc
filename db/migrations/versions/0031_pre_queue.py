"""The queues of a clinic's day: lanes, tickets, and the clinic's rules for them."""

from alembic import op

revision = "0031_pre_queue"
down_revision = "0030_pre_records_exported"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE queue_rules (
    clinic_id uuid NOT NULL CONSTRAINT queue_rules_clinic_fkey REFERENCES clinics
        CONSTRAINT queue_rules_pkey PRIMARY KEY,
    late_minutes integer NOT NULL,
    late_behind integer NOT NULL,
    walk_in_minutes integer NOT NULL,
    check_in_minutes integer NOT NULL,
    no_show_minutes integer,
    version integer NOT NULL
);
CREATE TABLE lanes (
    doctor_id uuid NOT NULL CONSTRAINT lanes_doctor_fkey REFERENCES doctors
        CONSTRAINT lanes_pkey PRIMARY KEY,
    clinic_id uuid NOT NULL CONSTRAINT lanes_clinic_fkey REFERENCES clinics,
    letter text NOT NULL,
    CONSTRAINT lanes_letter_unique UNIQUE (clinic_id, letter)
);
CREATE TABLE lane_days (
    doctor_id uuid NOT NULL CONSTRAINT lane_days_doctor_fkey REFERENCES doctors,
    date date NOT NULL,
    revision integer NOT NULL,
    last_number integer NOT NULL,
    closed boolean NOT NULL,
    CONSTRAINT lane_days_pkey PRIMARY KEY (doctor_id, date)
);
CREATE TABLE tickets (
    id uuid CONSTRAINT tickets_pkey PRIMARY KEY,
    doctor_id uuid NOT NULL CONSTRAINT tickets_doctor_fkey REFERENCES doctors,
    date date NOT NULL,
    number integer NOT NULL,
    appointment_id uuid CONSTRAINT tickets_appointment_fkey REFERENCES appointments,
    status text NOT NULL CONSTRAINT tickets_status_known
        CHECK (status IN ('waiting', 'called', 'serving', 'done', 'skipped', 'withdrawn')),
    place integer NOT NULL,
    due_at timestamptz NOT NULL,
    arrived_at timestamptz NOT NULL,
    called_at timestamptz,
    ended_at timestamptz,
    calls integer NOT NULL,
    room text NOT NULL CONSTRAINT tickets_room_length CHECK (length(room) <= 40),
    CONSTRAINT tickets_number_once UNIQUE (doctor_id, date, number)
);
CREATE UNIQUE INDEX tickets_one_of_an_appointment ON tickets (appointment_id) WHERE status <> 'withdrawn';
CREATE TABLE ticket_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT ticket_events_pkey PRIMARY KEY,
    ticket_id uuid NOT NULL CONSTRAINT ticket_events_ticket_fkey REFERENCES tickets,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    event text NOT NULL,
    note text NOT NULL
);
CREATE INDEX ticket_events_by_ticket ON ticket_events (ticket_id, id);
"""


def upgrade() -> None:
    op.execute(_TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE ticket_events, tickets, lane_days, lanes, queue_rules")
