"""Counters and histograms for Prometheus; current values are read at each scrape instead (`readings.py`).

Names and units follow OpenTelemetry's semantic conventions, in Prometheus' form, where there is a convention; all
others begin with `yoyaku_`. Labels are closed sets: methods of the contract, reasons, statuses, names of our own
statements. A text that a caller chooses never becomes a label.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, partial

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from server.telemetry import traces
from server.telemetry.logs import EndedCall
from server.telemetry.traces import Trace

disable_created_metrics()  # type: ignore[no-untyped-call]  # saves a second, unused series for each metric
REGISTRY = CollectorRegistry(auto_describe=True)

_CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)
"""Seconds; 0.2, 0.3 and 0.5 are the objectives for lists, slots and bookings."""
_TRIP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0)
_DELAY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Durations(Histogram):
    """A histogram that takes many values at once."""

    def observe_all(self, values: Sequence[float]) -> None:
        """As `observe` of each value, which costs a list of slots 2 % more CPU: it runs 130 bytecodes for each."""
        self._sum.inc(sum(values))
        for bucket, count in Tally(map(partial(bisect_left, self._upper_bounds), values)).items():
            self._buckets[bucket].inc(count)


CALL_SECONDS = Durations(
    "rpc_server_call_duration_seconds",
    "Time from a call's arrival at the worker to its answer.",
    ["rpc_method", "rpc_response_status_code"],
    buckets=_CALL_BUCKETS,
    registry=REGISTRY,
)
CALLS = Counter(
    "yoyaku_calls",
    "Calls and ended streams by outcome: OK, or the reason of the error (bookings and sign-ins by outcome are here).",
    ["rpc_method", "outcome"],
    registry=REGISTRY,
)
TRIP_SECONDS = Durations(
    "db_client_operation_duration_seconds",
    "Time of a round trip to PostgreSQL, by the statement that it is about.",
    ["db_operation_name"],
    buckets=_TRIP_BUCKETS,
    registry=REGISTRY,
)
ANNOUNCE_SECONDS = Histogram(
    "yoyaku_announcement_duration_seconds",
    "Time from the commit of a change until streams of its worker, and Valkey for all others, have the new day.",
    buckets=_DELAY_BUCKETS,
    registry=REGISTRY,
)
DEAD_LETTERS = Counter("yoyaku_dead_letters", "Notices that were given up, by why.", ["outcome"], registry=REGISTRY)
SEND_SECONDS = Histogram(
    "yoyaku_notice_send_duration_seconds",
    "Time that a provider took for a notice.",
    ["channel", "outcome"],
    buckets=_DELAY_BUCKETS,
    registry=REGISTRY,
)
SPANS = Counter(
    "yoyaku_spans",
    "Spans of traces, by what became of them: exported, not_accepted by the collector, or dropped from a full queue.",
    ["outcome"],
    registry=REGISTRY,
)
SPANS_EXPORTED, SPANS_NOT_ACCEPTED, SPANS_DROPPED = map(SPANS.labels, ("exported", "not_accepted", "dropped"))


def calls_ended(calls: Sequence[EndedCall]) -> None:
    """Count calls that have ended."""
    for (method, outcome), count in Tally((method, reason or code) for method, code, reason, *_ in calls).items():
        _outcomes(method, outcome).inc(count)
    _observe((_call_seconds(method, code), seconds, trace) for method, code, _, seconds, _, _, trace, _ in calls)


def stream_ended(method: str, outcome: str) -> None:
    """Count a stream that has ended. How long it was open is not measured, since that depends on the client."""
    _outcomes(method, outcome).inc()


def trips_ended(trips: Iterable[tuple[str, float, Trace | None]]) -> None:
    """Count round trips to PostgreSQL, each by the name of its main statement, its seconds and its trace."""
    _observe((_trip_seconds(name), seconds, trace) for name, seconds, trace in trips)


def _observe(durations: Iterable[tuple[Durations, float, Trace | None]]) -> None:
    """Count durations, those of one histogram together; one that belongs to a sampled trace links to it."""
    together: defaultdict[Durations, list[float]] = defaultdict(list)
    for histogram, seconds, trace in durations:
        if trace and trace.sampled:
            histogram.observe(seconds, trace.exemplar)
        else:
            together[histogram].append(seconds)
    for histogram, values in together.items():
        histogram.observe_all(values)


def sent(channel: str, outcome: str, seconds: float) -> None:
    """Count an attempt to send a notice: `outcome` is sent, refused, failed or outcome_unknown."""
    SEND_SECONDS.labels(channel, outcome).observe(seconds, traces.exemplar())


def _name(method: str) -> str:
    """The method's name without its service: names are unique across services."""
    return method.rpartition("/")[2]


# `labels` takes a lock and checks the labels each time, so what it returns for the paths of every call is kept. The
# sets of labels are closed, so the caches have an end.
@cache
def _call_seconds(method: str, code: str) -> Durations:
    return CALL_SECONDS.labels(_name(method), code)


@cache
def _outcomes(method: str, outcome: str) -> Counter:
    return CALLS.labels(_name(method), outcome)


@cache
def _trip_seconds(statement: str) -> Durations:
    return TRIP_SECONDS.labels(statement)
