"""The tables and functions of the job queue: procrastinate's own migrations, run by ours."""

from collections.abc import Iterator
from pathlib import Path

from procrastinate.schema import migrations_path

# NOTIFY would make all transactions of the database commit one after another, so workers poll every quarter second.
WITHOUT_NOTIFY = "DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs"

REMOVE = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE
    name regprocedure;
BEGIN
    FOR name IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate_%%'
    LOOP
        EXECUTE 'DROP FUNCTION ' || name;
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""


def migrations(after: str, last: str) -> Iterator[str]:
    """The SQL of procrastinate's migrations that follow `after`, up to the one whose name begins with `last`.

    Released migrations never change, so ours make the same schema whichever version is installed.
    """
    for path in sorted(Path(migrations_path).glob("*.sql")):
        if after < path.name[: len(last)] <= last:
            yield path.read_text(encoding="utf-8").replace("%", "%%")
