"""Searches by name walk their index, whatever page is asked for and whether or not the plan knows the values."""

from collections.abc import Iterator
from typing import Any

import psycopg
import psycopg.sql
import pytest

from db.postgres.directory import doctors, patients

NIL = "00000000-0000-0000-0000-000000000000"
FILL = """
INSERT INTO clinics VALUES ('00000001-0000-7000-8000-000000000000', 'C', 'Asia/Tokyo', 90, 0, 0, 20, 0, now(), now());
INSERT INTO practitioners SELECT uuidv7(), 'Practitioner ' || n, now(), now() FROM generate_series(1, 3000) n;
INSERT INTO doctors
SELECT uuidv7(), p.id, c.id, 'Specialty', true, 1, 0, now(), now() FROM practitioners p CROSS JOIN clinics c;
INSERT INTO patients (id, name, phone, email, version, created_at, updated_at)
SELECT uuidv7(), 'Patient ' || n, '', '', 1, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO patient_identifiers SELECT 'urn:test', name, id FROM patients;
ANALYZE
"""


@pytest.fixture
def filled(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FILL.encode())
        yield connection


def last_of(connection: psycopg.Connection[Any], table: str) -> str:
    query = psycopg.sql.SQL("SELECT id FROM {} ORDER BY id LIMIT 1 OFFSET 1500").format(psycopg.sql.Identifier(table))
    row = connection.execute(query).fetchone()
    assert row
    return str(row[0])


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
def test_pages_of_names_walk_the_index_of_names(filled: psycopg.Connection[Any], mode: str) -> None:
    filled.execute(f"SET plan_cache_mode = {mode}".encode())
    search: dict[str, Any] = {"prefix": "PATIENT 1", "birth_date": None, "limit": 21}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        (patients._BY_NAME, "patients", search),  # noqa: SLF001
        (doctors._PAGE, "doctors", {"limit": 21}),  # noqa: SLF001
    ]
    for text, table, values in cases:
        for after_id in (NIL, last_of(filled, table)):
            lines = filled.execute(b"EXPLAIN " + text.encode(), {**values, "after_id": after_id}, prepare=True)
            plan = "\n".join(line[0] for line in lines)
            assert "_by_name on " in plan, (table, plan)
            assert f"Seq Scan on {table}" not in plan, (table, plan)


def test_a_search_reads_no_more_names_than_its_page_has(filled: psycopg.Connection[Any]) -> None:
    values = {"prefix": "patient 1", "birth_date": None, "limit": 21, "after_id": last_of(filled, "patients")}
    lines = filled.execute(b"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + patients._BY_NAME.encode(), values)  # noqa: SLF001
    scan = next(line[0] for line in lines if "patients_by_name" in line[0])
    assert "rows=21" in scan
