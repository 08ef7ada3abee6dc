"""What the database says of the day: how long its statements took, and whether the book is as it was acknowledged."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from db.postgres.tables.common import ACTIVE
from server.local.servers import database
from server.local.servers.postgres import PostgresServer
from tests.bench.day.tally import Tally

_SAMPLED = 0.1
"""The share of transactions whose statements are logged with their durations; a log of all would be felt."""
_LOG_DURATIONS = f"""
ALTER SYSTEM SET log_transaction_sample_rate = {_SAMPLED};
ALTER SYSTEM SET log_parameter_max_length = 0;
SELECT pg_reload_conf();
"""
_DURATION = re.compile(r"\[(\d+)\] LOG:  duration: ([\d.]+) ms  (parse|bind|execute|statement)")
_OURS = f"a.{ACTIVE} AND a.date >= current_date"
_OVERBOOKED = f"""
SELECT count(*) FROM (
    SELECT FROM appointments a WHERE {_OURS} GROUP BY doctor_id, start_at
    HAVING count(*) > (SELECT max(capacity) FROM working_sessions w WHERE w.doctor_id = a.doctor_id)
) AS slots
"""  # noqa: S608  # constants
_OVERLAPPING = f"""
SELECT count(*) FROM appointments a JOIN appointments b ON a.id < b.id AND b.{ACTIVE}
    AND a.start_at < b.end_at AND b.start_at < a.end_at AND {{both}}
WHERE {_OURS}
"""  # noqa: S608  # constants
# Patients of one slot are told apart by its seats, above.
_BOTH_OF_DOCTOR = "a.practitioner_id = b.practitioner_id AND (a.doctor_id, a.start_at) <> (b.doctor_id, b.start_at)"
_BOTH_OF_PATIENT = "a.patient_id = b.patient_id"
_COUNT = "SELECT count(*) FROM appointments WHERE status = '{status}' AND id IN ({ids})"


def log_durations(servers: Iterable[PostgresServer]) -> None:
    """From now on, have servers log the durations of a sample. Raises LocalError."""
    for server in servers:
        server.query(_LOG_DURATIONS)


def durations(logs: Iterable[Path]) -> list[float]:
    """Of the statements that were logged, in milliseconds: parse, bind and execute of each together."""
    found = []
    for log in logs:
        begun: defaultdict[str, float] = defaultdict(float)
        for process, milliseconds, step in _DURATION.findall(log.read_text(errors="replace")):
            begun[process] += float(milliseconds)
            if step in {"execute", "statement"}:
                found.append(begun.pop(process))
    return found


def double_bookings(primary: PostgresServer) -> int:
    """Slots with more patients than seats, and pairs of appointments that somebody cannot both keep."""
    overlapping = [_OVERLAPPING.format(both=both) for both in (_BOTH_OF_DOCTOR, _BOTH_OF_PATIENT)]
    return sum(int(primary.query(each, database.NAME)) for each in (_OVERBOOKED, *overlapping))


def missing(primary: PostgresServer, tally: Tally) -> int:
    """How many acknowledged bookings are not there, or not in the state that was acknowledged last."""
    kept = set(tally.booked) - set(tally.cancelled)
    there = _count(primary, "scheduled", kept) + _count(primary, "cancelled", tally.cancelled)
    return len(kept) + len(tally.cancelled) - there


def _count(primary: PostgresServer, status: str, ids: Iterable[str]) -> int:
    listed = ", ".join(f"'{each}'" for each in ids) or "NULL"
    return int(primary.query(_COUNT.format(status=status, ids=listed), database.NAME))
