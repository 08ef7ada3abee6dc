"""The queues of a clinic's day: lanes, their tickets, and the clinic's rules for them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db.postgres.tables.common import INSTANT, UUID, check, metadata, not_null, reference

queue_rules = Table(
    "queue_rules",
    metadata,
    reference("queue_rules", "clinic"),
    not_null("late_minutes", Integer()),
    not_null("late_behind", Integer()),
    not_null("walk_in_minutes", Integer()),
    not_null("check_in_minutes", Integer()),
    # None: nobody is marked as a no-show by itself.
    Column("no_show_minutes", Integer()),
    not_null("version", Integer()),
    # 0: patients get no notice that their turn comes soon.
    Column("tell_before", Integer(), nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("clinic_id", name="queue_rules_pkey"),
)

lanes = Table(
    "lanes",
    metadata,
    reference("lanes", "doctor"),
    reference("lanes", "clinic"),
    not_null("letter", Text()),
    PrimaryKeyConstraint("doctor_id", name="lanes_pkey"),
    UniqueConstraint("clinic_id", "letter", name="lanes_letter_unique"),
)
"""A lane is the queue for one doctor; it keeps its letter from day to day."""

announcements = Table(
    "announcements",
    metadata,
    # A clinic, or a doctor whose lane it is.
    not_null("place_id", UUID),
    reference("announcements", "clinic"),
    not_null("text", Text(), check("announcements_text_length", "length(text) <= 200")),
    not_null("actor", Text()),
    not_null("set_at", INSTANT),
    PrimaryKeyConstraint("place_id", name="announcements_pkey"),
)

lane_days = Table(
    "lane_days",
    metadata,
    reference("lane_days", "doctor"),
    not_null("date", Date()),
    not_null("revision", Integer()),
    not_null("last_number", Integer()),
    not_null("closed", Boolean()),
    PrimaryKeyConstraint("doctor_id", "date", name="lane_days_pkey"),
)
"""The row of a lane's day is the lock under which its tickets change."""

tickets = Table(
    "tickets",
    metadata,
    not_null("id", UUID),
    reference("tickets", "doctor"),
    not_null("date", Date()),
    not_null("number", Integer()),
    Column("appointment_id", UUID, ForeignKey("appointments.id", name="tickets_appointment_fkey")),
    not_null(
        "status",
        Text(),
        check(
            "tickets_status_known",
            "status IN ('waiting', 'called', 'serving', 'done', 'skipped', 'withdrawn')",
        ),
    ),
    not_null("place", Integer()),
    not_null("due_at", INSTANT),
    not_null("arrived_at", INSTANT),
    Column("called_at", INSTANT),
    Column("ended_at", INSTANT),
    not_null("calls", Integer()),
    not_null("room", Text(), check("tickets_room_length", "length(room) <= 40")),
    # When its holder got the notice that the turn comes soon, or got it with so few ahead that nobody needs to say so.
    Column("told_at", INSTANT),
    # NULL before it was called, and of tickets that were called before the column was there: their events say it.
    Column("first_called_at", INSTANT),
    PrimaryKeyConstraint("id", name="tickets_pkey"),
    UniqueConstraint("doctor_id", "date", "number", name="tickets_number_once"),
)
Index(
    "tickets_one_of_an_appointment",
    tickets.c.appointment_id,
    unique=True,
    postgresql_where=text("status <> 'withdrawn'"),
)

ticket_events = Table(
    "ticket_events",
    metadata,
    not_null("id", BigInteger(), Identity(always=True)),
    reference("ticket_events", "ticket"),
    not_null("happened_at", INSTANT),
    not_null("actor", Text()),
    not_null("event", Text()),
    not_null("note", Text()),
    PrimaryKeyConstraint("id", name="ticket_events_pkey"),
)
Index("ticket_events_by_ticket", ticket_events.c.ticket_id, ticket_events.c.id)
