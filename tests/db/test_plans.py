"""Every query has its index: the plans that PostgreSQL makes for them on a filled database."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import db.postgres
from db.postgres.booking import appointment_lists
from db.postgres.booking.appointment_lists import Among, AppointmentCursor, AppointmentFilters, AppointmentQuery
from db.postgres.driver.placeholders import converted
from db.postgres.notifications import notifications
from server.local.servers.postgres import PostgresServer
from tests.db.sample_values import DAY, NOW, sample, values_for

FILL = (Path(__file__).parent / "fill.sql").read_text()
LARGE = {
    "accounts",
    "appointment_changes",
    "appointments",
    "appointment_events",
    "appointment_identifiers",
    "idempotency_keys",
    "notifications",
    "patient_identifiers",
    "patients",
    "practitioner_identifiers",
    "record_audit",
    "record_audit_chains",
    "record_data_keys",
    "record_identifiers",
    "record_versions",
    "records",
    "representatives",
    "schedule_days",
    "security_events",
    "ticket_events",
    "tickets",
    "time_off",
    "time_off_appointments",
    "working_sessions",
}


@pytest.fixture(scope="module")
def filled(postgres_cluster: PostgresServer, template: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with some years of appointments."""
    postgres_cluster.query(f"CREATE DATABASE filled TEMPLATE {template}")
    with psycopg.connect(postgres_cluster.url("filled"), autocommit=True) as connection:
        connection.execute(FILL.encode())
        connection.execute("ANALYZE")
        yield connection


GAPS = ("{noun}", "{rows}")
"""In templates, which are statements only once these are filled in."""


def statements() -> Iterator[tuple[str, str]]:
    """Every statement of db.postgres that is known before a call, by module and name."""
    for info in pkgutil.walk_packages(db.postgres.__path__, "db.postgres."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            searches = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")
            if (
                isinstance(value, str)
                and value.lstrip().startswith(searches)
                and "%(" in value
                and not any(gap in value for gap in GAPS)
            ):
                yield f"{info.name.rpartition('.')[2]}.{name}", value


AFTER_A_RESTORE = {"restored._END_SESSIONS"}
"""They are about every row, and run once."""
KNOWN = {name: text for name, text in statements() if name not in AFTER_A_RESTORE}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def scanned_whole(connection: psycopg.Connection[Any], text: str, values: dict[str, Any]) -> list[str]:
    """The large tables that a statement reads from end to end, by the plan for these values or by that for all."""
    literal = psycopg.ClientCursor(connection).mogrify(text.encode(), values).encode()
    # Pools have statements planned once, for whatever values they get. (Not kept: it would be without its name.)
    numbered, _, _ = converted.__wrapped__(text)
    found = []
    for explained in (b"EXPLAIN (FORMAT JSON) " + literal, b"EXPLAIN (FORMAT JSON, GENERIC_PLAN) " + numbered):
        [[plan]] = connection.execute(explained)
        found += [
            node["Relation Name"]
            for node in nodes(plan[0]["Plan"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
        ]
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_no_statement_reads_a_large_table_from_end_to_end(filled: psycopg.Connection[Any], name: str) -> None:
    text = KNOWN[name]
    assert scanned_whole(filled, text, values_for(name, text, sample(filled))) == []


@pytest.mark.parametrize("whose", ["patient", "doctor", "clinic"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("later", [False, True])
def test_no_list_reads_appointments_from_end_to_end(
    filled: psycopg.Connection[Any], whose: Any, descending: bool, later: bool
) -> None:
    known = sample(filled)
    for statuses in ((), ("cancelled",)):
        for among in (None, Among([known["clinic_id"]], known["doctor_id"], [known["patient_id"]])):
            query = AppointmentQuery(
                AppointmentFilters(
                    whose=whose,
                    id=known[f"{whose}_id"],
                    date=None if whose == "patient" else DAY,
                    statuses=statuses,
                    descending=descending,
                ),
                among=among,
                after=AppointmentCursor(DAY, NOW, known["appointment_id"]) if later else None,
                offset=0,
                limit=21,
            )
            assert scanned_whole(filled, appointment_lists.statement(query), appointment_lists.parameters(query)) == []


@pytest.mark.parametrize("whose", ["appointment_id", "nobody"])
@pytest.mark.parametrize("status", [None, "dead", "sent"])
@pytest.mark.parametrize("later", [False, True])
def test_no_list_reads_notifications_from_end_to_end(
    filled: psycopg.Connection[Any], whose: str, status: str | None, later: bool
) -> None:
    known = sample(filled)
    before = known["notification_id"] if later else None
    query = notifications.NotificationQuery(known.get(whose), status, before, 21)
    assert scanned_whole(filled, notifications.list_statement(query), query._asdict()) == []


def test_the_free_slots_of_a_day_are_found_by_the_exclusion_constraint(filled: psycopg.Connection[Any]) -> None:
    text = KNOWN["days._OFFER"]
    literal = psycopg.ClientCursor(filled).mogrify(text.encode(), values_for("days._OFFER", text, sample(filled)))
    plan = "\n".join(row[0] for row in filled.execute(b"EXPLAIN " + literal.encode()).fetchall())
    assert "appointments_practitioner_no_overlap" in plan


def test_the_plans_are_made_for_a_filled_database(filled: psycopg.Connection[Any]) -> None:
    assert scanned_whole(filled, "SELECT id FROM appointments WHERE reason = %(reason)s", {"reason": "x"}) == [
        "appointments",
        "appointments",
    ]


LONG_LIST = """
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, reason, version, created_at, updated_at)
SELECT made(9, n), doctor_id, practitioner_id, clinic_id, patient_id, date - n, start_at - ago, end_at - ago,
    tstzrange(start_at - ago, end_at - ago), seat, 'completed', reason, 1, created_at, updated_at
FROM appointments, generate_series(1, 5000) n, LATERAL (SELECT n * interval '1 day' AS ago) AS days WHERE id = %s
"""
FETCHED = """
SELECT sum(pg_stat_get_xact_tuples_fetched(name::regclass))
FROM unnest(ARRAY['appointments', 'appointments_by_patient']) AS read (name)
"""


def fetched(connection: psycopg.Connection[Any]) -> int:
    """Rows of appointments that the session has read along that index and not reported yet."""
    [[count]] = connection.execute(FETCHED)
    return int(count)


def test_a_page_of_a_long_list_reads_no_more_appointments_than_it_shows(filled: psycopg.Connection[Any]) -> None:
    known = sample(filled)
    filled.execute(LONG_LIST, [known["appointment_id"]])
    filled.execute("ANALYZE appointments")
    query = AppointmentQuery(AppointmentFilters("patient", known["patient_id"], None, (), True), None, None, 0, 21)
    with filled.transaction():
        # As after some calls: one plan for all patients, though hardly any has so many appointments.
        filled.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        before = fetched(filled)
        filled.execute(appointment_lists.statement(query).encode(), appointment_lists.parameters(query), prepare=True)
        assert fetched(filled) - before == 21
