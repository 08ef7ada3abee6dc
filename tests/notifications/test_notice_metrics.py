"""What a scrape of the notification worker finds."""

from db.postgres.cluster.engines import Engine
from server.domain.notices import DEAD_OUTCOMES
from server.notifications.notice_metrics import NoticeMetrics
from server.telemetry import metrics


async def test_dead_letters_are_counted_from_zero_for_each_outcome_that_they_can_have(engine: Engine) -> None:
    NoticeMetrics(engine, {})
    samples = [sample for metric in metrics.DEAD_LETTERS.collect() for sample in metric.samples]
    assert {sample.labels["outcome"] for sample in samples} == set(DEAD_OUTCOMES)
