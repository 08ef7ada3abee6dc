"""A process whose machine's clock is wrong goes by the database's, and says how far they are apart."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from server.usecases.idempotency import KEPT
from server.wiring import wired
from tests.fixtures.book import Book
from tests.fixtures.worker import settings_for

_KEEP = """
INSERT INTO idempotency_keys (caller_id, request_id, digest, response, created_at)
VALUES (gen_random_uuid(), gen_random_uuid(), %s, %s, now() - %s)
"""


@pytest.mark.parametrize("ahead", [timedelta(hours=25), timedelta(seconds=-120)])
async def test_a_worker_with_a_wrong_clock_tells_the_databases_time_and_forgets_nothing_early(
    ahead: timedelta, book: Book, database_url: str
) -> None:
    for age in (timedelta(), KEPT - timedelta(minutes=1), KEPT + timedelta(minutes=1)):
        await book.run(_KEEP, b"digest", b"answer", age)
    with capture_logs() as lines:
        async with wired(settings_for(database_url), wall=lambda: datetime.now(UTC) + ahead) as parts:
            [[told]] = await book.rows("SELECT clock_timestamp()")
            assert isinstance(told, datetime)
            assert abs(parts.clock() - told) < timedelta(seconds=0.5)
            assert await parts.housekeeping.forget_answers() == 1
            assert parts.engine.clock_skew is not None
            assert abs(parts.engine.clock_skew - ahead) < timedelta(seconds=0.5)
    [line] = [line for line in lines if line["event"] == "clock is not the database's"]
    assert line["seconds_ahead"] == pytest.approx(ahead.total_seconds(), abs=0.5)


async def test_a_clock_that_is_right_is_not_warned_of(database_url: str) -> None:
    with capture_logs() as lines:
        async with wired(settings_for(database_url)) as parts:
            assert parts.engine.clock_skew is not None
            assert abs(parts.engine.clock_skew) < timedelta(seconds=0.5)
    assert [line for line in lines if "clock" in line["event"]] == []
