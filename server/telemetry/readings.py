"""Values that are read when Prometheus scrapes, such as the numbers of connections and of open streams.

No call pays for them. Events are counted in `metrics.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Reading(NamedTuple):
    """A metric whose value is read at each scrape: its type (gauge or counter), help text and labels."""

    kind: type[GaugeMetricFamily] | type[CounterMetricFamily]
    help: str
    labels: Sequence[str] = ()


READINGS: Mapping[str, Reading] = {
    "yoyaku_build_info": Reading(GaugeMetricFamily, "1; the version that runs.", ["version"]),
    "yoyaku_process_silent_since_timestamp_seconds": Reading(
        GaugeMetricFamily,
        "When a process was last alive that gives no metrics and did not end by itself; nothing if there is none.",
    ),
    "db_client_connection_count": Reading(
        GaugeMetricFamily, "Connections to a database server, used or idle.", ["server", "state"]
    ),
    "db_client_connection_max": Reading(GaugeMetricFamily, "Connections that a process may open.", ["server"]),
    "db_client_connection_pending_requests": Reading(
        GaugeMetricFamily, "Calls that wait for a connection.", ["server"]
    ),
    "yoyaku_database_server_up": Reading(GaugeMetricFamily, "1 if a server answered when last asked.", ["server"]),
    "yoyaku_clock_skew_seconds": Reading(GaugeMetricFamily, "How far this clock is ahead of the database's."),
    "yoyaku_database_primary_up": Reading(GaugeMetricFamily, "1 if the process knows a primary that answers."),
    "yoyaku_replica_lag_seconds": Reading(GaugeMetricFamily, "How long a standby has been behind.", ["server"]),
    "yoyaku_valkey_up": Reading(
        GaugeMetricFamily, "1 if the Valkey of a use (cache, tokens) answered when last asked.", ["use"]
    ),
    "yoyaku_streams_open": Reading(GaugeMetricFamily, "Open streams."),
    "yoyaku_cache_reads": Reading(
        CounterMetricFamily,
        "Days and profiles that were asked for, by where they came from (memory, valkey, database).",
        ["cache", "source"],
    ),
    "yoyaku_signing_key_age_seconds": Reading(GaugeMetricFamily, "Age of the key that signs access tokens."),
    "yoyaku_backup_succeeded_timestamp_seconds": Reading(
        GaugeMetricFamily,
        "When a step of the backups last succeeded (backup, wal, copy, restore_check); nothing if it never did.",
        ["step"],
    ),
    "yoyaku_downtime_sheets_as_of_timestamp_seconds": Reading(
        GaugeMetricFamily, "As of when the oldest downtime sheet is; of `downtime-sheets --metrics` alone."
    ),
    "yoyaku_notices": Reading(
        GaugeMetricFamily,
        "Notices that wait, are being sent, or are dead letters of which a patient would still have use.",
        ["status"],
    ),
    "yoyaku_dead_letter_newest_seconds": Reading(
        GaugeMetricFamily,
        "How long ago the last of the dead letters in `yoyaku_notices` was given up; nothing if there is none.",
    ),
    "yoyaku_notice_oldest_waiting_seconds": Reading(
        GaugeMetricFamily, "How long the notice that has waited longest could have gone out."
    ),
    "yoyaku_provider_breaker_open": Reading(
        GaugeMetricFamily, "1 while calls to a channel's provider pause, since it fails.", ["channel"]
    ),
}

Value = tuple[str, Sequence[str], float]
"""The metric's name, the values of its labels, and its value."""
Source = Callable[[], Iterable[Value]]


class Readings(Collector):
    """Collects the current values of its sources; called on the thread that answers scrapes."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """One metric family for each name."""
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for source in self._sources:
            for name, labels, value in source():
                kind, help_, names = READINGS[name]
                families.setdefault(name, kind(name, help_, labels=names)).add_metric(labels, value)
        yield from families.values()
