"""Lists and searches use their index, whatever page is asked for and whether or not the plan knows the values."""

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
def test_searches_and_lists_use_their_index(filled: psycopg.Connection[Any], mode: str) -> None:
    filled.execute(f"SET plan_cache_mode = {mode}".encode())
    search: dict[str, Any] = {"terms": "'patient':* & '123':*", "by_reading": False, "most": 20_000, "limit": 21}
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        (patients._BY_TERMS, "patients", "patients_by_terms", search),  # noqa: SLF001
        (doctors._PAGE, "doctors", "practitioners_by_name", {"limit": 21}),  # noqa: SLF001
    ]
    for text, table, index, values in cases:
        for after_id in (NIL, last_of(filled, table)):
            lines = filled.execute(b"EXPLAIN " + text.encode(), {**values, "after_id": after_id}, prepare=True)
            plan = "\n".join(line[0] for line in lines)
            assert index in plan, (table, plan)
            assert f"Seq Scan on {table}" not in plan, (table, plan)
