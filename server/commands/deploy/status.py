"""`python -m server status`: shows how the running system is doing, on one screen."""

import json
import time
import urllib.request
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from server.commands import app, fail
from server.commands.running import stack
from server.telemetry.snapshot import Snapshot

_INTERVAL_SECONDS = 2.0
_TIMEOUT_SECONDS = 5.0
_CALLS = "rpc_server_call_duration_seconds"
_MOST_METHODS = 12
_SLOWEST = 5


@app.command()
def status(
    url: Annotated[str, typer.Option(help="Scrape address of a task; the stack of `make up` by default.")] = "",
    watch: Annotated[bool, typer.Option(help="Keep the screen up to date until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how the system is doing over two seconds: calls, errors, database, caches, streams and notices."""
    address = url or stack().metrics
    before = _scrape(address)
    if as_json:
        time.sleep(_INTERVAL_SECONDS)
        print(json.dumps(summary(before, _scrape(address), _INTERVAL_SECONDS)))
        return
    with Live(Text("measuring for two seconds ..."), console=Console(), transient=watch, auto_refresh=False) as live:
        while True:
            time.sleep(_INTERVAL_SECONDS)
            now = _scrape(address)
            live.update(_screen(summary(before, now, _INTERVAL_SECONDS)), refresh=True)
            before = now
            if not watch:
                return


def summary(before: Snapshot, now: Snapshot, seconds: float) -> dict[str, Any]:
    """What the screen shows: rates between two scrapes that are `seconds` apart, and the present states."""
    lately = now.since(before)
    rates = lately.by(f"{_CALLS}_count", "rpc_method")
    p95 = now.quantile(0.95, _CALLS, "rpc_method")
    return {
        "processes": sorted(process for (process,) in now.by("yoyaku_build_info", "process")),
        "methods": {
            method: {"per_second": round(rates[method,] / seconds, 1), "p95_seconds_since_start": p95.get(method)}
            for (method,) in sorted(rates, key=lambda key: -rates[key])
        },
        "errors": {
            outcome: round(count / seconds, 1)
            for (outcome,), count in lately.by("yoyaku_calls_total", "outcome").items()
            if outcome != "OK" and count
        },
        "database": {
            server: {
                "up": up > 0,
                "lag_seconds": now.extreme("yoyaku_replica_lag_seconds", "server").get((server,)),
                "connections_used": now.by("db_client_connection_count", "server", "state").get((server, "used"), 0),
                "calls_waiting": now.by("db_client_connection_pending_requests", "server").get((server,), 0),
            }
            for (server,), up in now.extreme("yoyaku_database_server_up", "server", lowest=True).items()
        },
        "valkey": {use: up > 0 for (use,), up in now.extreme("yoyaku_valkey_up", "use", lowest=True).items()},
        "streams": sum(now.by("yoyaku_streams_open").values()),
        "slots_from": {
            source: count / seconds
            for (cache, source), count in lately.by("yoyaku_cache_reads_total", "cache", "source").items()
            if cache == "day"
        },
        "notices": {each: count for (each,), count in now.extreme("yoyaku_notices", "status").items()},
        "oldest_notice_seconds": max(now.by("yoyaku_notice_oldest_waiting_seconds").values(), default=None),
        "breakers_open": [
            channel for (channel,), is_open in now.extreme("yoyaku_provider_breaker_open", "channel").items() if is_open
        ],
        "slow_statements": dict(
            sorted(
                now.quantile(0.99, "db_client_operation_duration_seconds", "db_operation_name").items(),
                key=lambda row: -row[1],
            )[:5]
        ),
    }


def _slowest(p99: dict[str, float]) -> dict[str, float]:
    return dict(sorted(p99.items(), key=lambda row: -row[1])[:_SLOWEST])


def _screen(found: dict[str, Any]) -> RenderableType:
    calls = Table(title="Calls", title_justify="left", box=None)
    for title, justify in (("method", "left"), ("a second", "right"), ("p95 since start", "right")):
        calls.add_column(title, justify=justify)  # type: ignore[arg-type]
    for method, each in [*found["methods"].items()][:_MOST_METHODS]:
        calls.add_row(method, f"{each['per_second']}", _within(each["p95_seconds_since_start"]))
    state = Table(box=None, show_header=False)
    for name, text in _states(found):
        state.add_row(Text(name, "dim"), text)
    return Group(state, calls)


def _states(found: dict[str, Any]) -> list[tuple[str, Text]]:
    lines = [("processes", Text(", ".join(found["processes"]) or "none", "" if found["processes"] else "red"))]
    for server, each in found["database"].items():
        lag = "" if each["lag_seconds"] is None else f", {each['lag_seconds']:.1f} s behind"
        role = "primary" if each["lag_seconds"] is None else "standby"
        text = f"{role}, {'up' if each['up'] else 'DOWN'}{lag}, {each['connections_used']:.0f} connections used"
        waiting = f", {each['calls_waiting']:.0f} calls wait" if each["calls_waiting"] else ""
        lines.append((f"database {server}", _graded(text + waiting, well=each["up"] and not waiting)))
    lines += [(f"valkey: {use}", _graded("up" if up else "DOWN", well=up)) for use, up in found["valkey"].items()]
    errors = ", ".join(f"{reason} {rate}/s" for reason, rate in found["errors"].items())
    lines.append(("errors", _graded(errors or "none", well=not errors)))
    lines.append(("streams", Text(f"{found['streams']:.0f} open")))
    notices = ", ".join(f"{count:.0f} {each}" for each, count in found["notices"].items()) or "none wait"
    lines.append(("notices", _graded(notices, well="dead" not in found["notices"])))
    if found["breakers_open"]:
        lines.append(("providers", _graded(f"failing: {', '.join(found['breakers_open'])}", well=False)))
    return lines


def _graded(text: str, *, well: bool) -> Text:
    return Text(text, "green" if well else "bold red")


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f"within {seconds * 1000:.0f} ms"


def _scrape(address: str) -> Snapshot:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  # an operator's own address
            return Snapshot.of(answer.read().decode())
    except (OSError, ValueError) as error:
        raise fail(
            f"{address} does not give metrics ({error}): is the system running, and is that its scrape address?"
        ) from None
