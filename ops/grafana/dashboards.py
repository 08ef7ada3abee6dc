"""Grafana's dashboards as code: `python -m ops.grafana.dashboards DIRECTORY` writes one JSON file each.

Every query of every panel is run against a Prometheus that has scraped the real stack (tests/ops): none may be empty.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.cog.encoder import JSONEncoder

EDGE = 'envoy_http_conn_manager_prefix="edge"'


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph: its unit as Grafana names it, and queries, each with how its series are called."""

    title: str
    unit: str
    queries: Sequence[tuple[str, str]]
    """PromQL, and the legend."""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard."""

    name: str
    title: str
    since: str
    panels: Sequence[Panel]


def p(quantile: float, histogram: str, by: str) -> str:
    """A quantile over five minutes of a histogram, by a label."""
    return f"histogram_quantile({quantile}, sum by ({by}, le) (rate({histogram}_bucket[5m])))"


BOARDS = (
    Board(
        "overview",
        "yoyaku: overview",
        "now-7d",
        (
            Panel("Share of calls that fail", "percentunit", [("yoyaku:unavailability:ratio_rate5m", "5 minutes"), ("vector(0.005)", "objective")]),
            Panel("Calls a second", "reqps", [("sum by (rpc_method) (rate(rpc_server_call_duration_seconds_count[5m]))", "{{rpc_method}}")]),
            Panel("Latency at p95 by method", "s", [("yoyaku:call_seconds:p95_5m", "{{rpc_method}}")]),
            Panel("Calls by outcome", "reqps", [("sum by (outcome) (rate(yoyaku_calls_total[5m]))", "{{outcome}}")]),
            Panel("Bookings by outcome, per minute", "short", [('60 * sum by (outcome) (rate(yoyaku_calls_total{rpc_method="CreateAppointment"}[5m]))', "{{outcome}}")]),
            Panel("Memory by process", "bytes", [("process_resident_memory_bytes", "{{process}}")]),
            Panel("Processor by process", "percentunit", [("rate(process_cpu_seconds_total[5m])", "{{process}}")]),
            Panel("Workers by version", "short", [("count by (version) (yoyaku_build_info)", "{{version}}")]),
        ),
    ),
    Board(
        "database",
        "yoyaku: database",
        "now-24h",
        (
            Panel("Trips at p99, the ten slowest", "s", [(f"topk(10, {p(0.99, 'db_client_operation_duration_seconds', 'db_operation_name')})", "{{db_operation_name}}")]),
            Panel("Trips a second, the ten most frequent", "ops", [("topk(10, sum by (db_operation_name) (rate(db_client_operation_duration_seconds_count[5m])))", "{{db_operation_name}}")]),
            Panel("Connections", "short", [("sum by (server, state) (db_client_connection_count)", "{{server}} {{state}}"), ("sum(db_client_connection_pending_requests)", "waiting calls")]),
            Panel("Replication lag", "s", [("max by (server) (yoyaku_replica_lag_seconds)", "{{server}}")]),
            Panel("Servers that answer", "short", [("min by (server) (yoyaku_database_server_up)", "{{server}}")]),
            Panel("Clock against the database's", "s", [("yoyaku_clock_skew_seconds", "{{process}}")]),
        ),
    ),
    Board(
        "streams",
        "yoyaku: live slots",
        "now-24h",
        (
            Panel("Open streams", "short", [("sum by (process) (yoyaku_streams_open)", "{{process}}")]),
            Panel("From commit to announcement", "s", [("histogram_quantile(0.99, sum by (le) (rate(yoyaku_announcement_duration_seconds_bucket[5m])))", "p99")]),
            Panel("Where days come from", "ops", [('sum by (source) (rate(yoyaku_cache_reads_total{cache="day"}[5m]))', "{{source}}")]),
            Panel("Where profiles come from", "ops", [('sum by (cache, source) (rate(yoyaku_cache_reads_total{cache!="day"}[5m]))', "{{cache}} {{source}}")]),
            Panel("Valkey reached", "short", [("min by (use) (yoyaku_valkey_up)", "{{use}}")]),
        ),
    ),
    Board(
        "notices",
        "yoyaku: notices",
        "now-24h",
        (
            Panel("Notices by status", "short", [("max by (status) (yoyaku_notices)", "{{status}}")]),
            Panel("Oldest that waits", "s", [("max(yoyaku_notice_oldest_waiting_seconds)", "age")]),
            Panel("Sent and failed, per second", "ops", [("sum by (channel, outcome) (rate(yoyaku_notice_send_duration_seconds_count[5m]))", "{{channel}} {{outcome}}")]),
            Panel("Time that providers take, p95", "s", [(p(0.95, "yoyaku_notice_send_duration_seconds", "channel"), "{{channel}}")]),
            Panel("Breakers that are open", "short", [("max by (channel) (yoyaku_provider_breaker_open)", "{{channel}}")]),
            Panel("Dead letters", "short", [("sum(yoyaku_dead_letters_total)", "since the start")]),
        ),
    ),
    Board(
        "edge",
        "yoyaku: edge",
        "now-24h",
        (
            Panel("Answers by class", "reqps", [(f"sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{{{EDGE}}}[5m]))", "{{envoy_response_code_class}}xx")]),
            Panel("Latency seen by callers", "ms", [(f"histogram_quantile(0.95, sum by (le) (rate(envoy_http_downstream_rq_time_bucket{{{EDGE}}}[5m])))", "p95")]),
            Panel("Connections", "short", [(f"sum(envoy_http_downstream_cx_active{{{EDGE}}})", "open")]),
            Panel("Requests under way by cluster", "short", [("sum by (envoy_cluster_name) (envoy_cluster_upstream_rq_active)", "{{envoy_cluster_name}}")]),
            Panel("Healthy workers", "short", [('min by (envoy_cluster_name) (envoy_cluster_membership_healthy)', "{{envoy_cluster_name}}")]),
        ),
    ),
)  # fmt: skip


def built(board: Board) -> str:
    """The JSON that Grafana takes."""
    made = Dashboard(board.title).uid(f"yoyaku-{board.name}").tags(["yoyaku"]).refresh("30s").time(board.since, "now")
    for panel in board.panels:
        graph = TimeSeries().title(panel.title).unit(panel.unit).span(12).height(8).min(0)
        for ref, (query, legend) in zip("ABCDEF", panel.queries, strict=False):
            graph = graph.with_target(Dataquery().ref_id(ref).expr(query).legend_format(legend))
        made = made.with_panel(graph)
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build())


def main(directory: Path) -> None:
    """Write them all."""
    directory.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (directory / f"{board.name}.json").write_text(built(board) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
