"""Every table, as the migrations leave them; a test compares the two."""

from db.postgres.tables.appointment_types import appointment_types
from db.postgres.tables.booking import (
    appointment_events,
    appointment_identifiers,
    appointments,
    cluster_epoch,
    idempotency_keys,
    schedule_days,
)
from db.postgres.tables.clinics import clinics
from db.postgres.tables.common import ACTIVE, NO_ALTERNATIVE, metadata
from db.postgres.tables.directory import (
    clinic_identifiers,
    doctors,
    patient_identifiers,
    patients,
    practitioner_identifiers,
    practitioners,
    reserved_systems,
    working_hours,
    working_sessions,
)
from db.postgres.tables.feed import appointment_changes, clinic_feeds
from db.postgres.tables.identity import (
    accounts,
    credentials,
    ended_sessions,
    recovery_codes,
    representatives,
    second_factors,
    security_events,
    signing_keys,
)
from db.postgres.tables.imports import imported_resources
from db.postgres.tables.notifications import notifications
from db.postgres.tables.queue import announcements, lane_days, lanes, queue_rules, ticket_events, tickets
from db.postgres.tables.records import (
    record_audit,
    record_audit_chains,
    record_data_keys,
    record_identifiers,
    record_retention,
    record_versions,
    records,
)
from db.postgres.tables.recovery import backup_steps
from db.postgres.tables.registrations import registrations
from db.postgres.tables.resources import appointment_resources, resources
from db.postgres.tables.time_off import time_off, time_off_appointments

__all__ = [
    "ACTIVE",
    "NO_ALTERNATIVE",
    "accounts",
    "announcements",
    "appointment_changes",
    "appointment_events",
    "appointment_identifiers",
    "appointment_resources",
    "appointment_types",
    "appointments",
    "backup_steps",
    "clinic_feeds",
    "clinic_identifiers",
    "clinics",
    "cluster_epoch",
    "credentials",
    "doctors",
    "ended_sessions",
    "idempotency_keys",
    "imported_resources",
    "lane_days",
    "lanes",
    "metadata",
    "notifications",
    "patient_identifiers",
    "patients",
    "practitioner_identifiers",
    "practitioners",
    "queue_rules",
    "record_audit",
    "record_audit_chains",
    "record_data_keys",
    "record_identifiers",
    "record_retention",
    "record_versions",
    "records",
    "recovery_codes",
    "registrations",
    "representatives",
    "reserved_systems",
    "resources",
    "schedule_days",
    "second_factors",
    "security_events",
    "signing_keys",
    "ticket_events",
    "tickets",
    "time_off",
    "time_off_appointments",
    "working_hours",
    "working_sessions",
]
