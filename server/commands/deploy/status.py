"""`python -m server status`: what is wrong, what to do, and how the running system is doing, on one screen."""

import json
import time
import urllib.request
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from server.commands import app, fail
from server.commands.running import stack
from server.telemetry.problems import BACKUP_SECONDS, BACKUPS, CALLS, problems
from server.telemetry.snapshot import Snapshot

_INTERVAL_SECONDS = 2.0
_TIMEOUT_SECONDS = 5.0
_MOST_METHODS = 12
_SLOWEST = 5
_LONGEST_SECONDS = 30.0
"""Of a call: the edge allows no more."""


@app.command()
def status(
    url: Annotated[str, typer.Option(help="Scrape address of a task; the stack of `make up` by default.")] = "",
    edge_url: Annotated[str, typer.Option(help="Scrape address of its Envoy, likewise.")] = "",
    watch: Annotated[bool, typer.Option(help="Keep the screen up to date until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what is wrong and what to read, then calls, errors, database, caches, streams and notices of two seconds."""
    if not url:
        url, edge_url = stack().metrics, edge_url or stack().edge_metrics
    before = _scrape(url)
    if as_json:
        time.sleep(_INTERVAL_SECONDS)
        print(json.dumps(summary(before, _scrape(url), _edge(edge_url), _INTERVAL_SECONDS)))
        return
    if not watch:
        time.sleep(_INTERVAL_SECONDS)
        Console().print(_screen(summary(before, _scrape(url), _edge(edge_url), _INTERVAL_SECONDS)))
        return
    with Live(Text("measuring for two seconds ..."), auto_refresh=False) as live, suppress(KeyboardInterrupt):
        while True:
            time.sleep(_INTERVAL_SECONDS)
            now = _scrape(url)
            live.update(_screen(summary(before, now, _edge(edge_url), _INTERVAL_SECONDS)), refresh=True)
            before = now


def summary(before: Snapshot, now: Snapshot, edge: Snapshot | None, seconds: float) -> dict[str, Any]:
    """What the screen shows: rates between two scrapes that are `seconds` apart, and the present states."""
    lately = now.since(before)
    rates = lately.by(f"{CALLS}_count", "rpc_method")
    p95, p95_lately = (_bounded(each.quantile(0.95, CALLS, "rpc_method")) for each in (now, lately))
    up = now.extreme("yoyaku_database_server_up", "server", lowest=True)
    used = now.by("db_client_connection_count", "server", "state")
    return {
        "problems": [each._asdict() for each in problems(now, lately, edge)],
        "processes": sorted(process for (process,) in now.by("yoyaku_build_info", "process")),
        "methods": {
            method: {
                "per_second": round(rates[method,] / seconds, 1),
                "p95_seconds": p95_lately.get(method),
                "p95_seconds_since_start": p95.get(method),
            }
            for (method,) in sorted(rates, key=lambda key: -rates[key])
        },
        "errors": {
            outcome: round(count / seconds, 1)
            for (outcome,), count in lately.by("yoyaku_calls_total", "outcome").items()
            if outcome != "OK" and count
        },
        "database": {
            server: {
                "up": is_up > 0,
                "lag_seconds": now.extreme("yoyaku_replica_lag_seconds", "server").get((server,)),
                "connections_used": used.get((server, "used"), 0),
                "calls_waiting": now.by("db_client_connection_pending_requests", "server").get((server,), 0),
            }
            for (server,), is_up in up.items()
        },
        "valkey": {use: is_up > 0 for (use,), is_up in now.extreme("yoyaku_valkey_up", "use", lowest=True).items()},
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
        "backups": {step: at for (step,), at in now.extreme(BACKUPS, "step").items()},
        "slow_statements": _slowest(now.quantile(0.99, "db_client_operation_duration_seconds", "db_operation_name")),
    }


def _bounded(quantiles: dict[str, float]) -> dict[str, float]:
    """JSON knows no infinity, which stands for more than the largest bucket."""
    return {name: min(seconds, _LONGEST_SECONDS) for name, seconds in quantiles.items()}


def _slowest(p99: dict[str, float]) -> dict[str, float]:
    return dict(sorted(_bounded(p99).items(), key=lambda row: -row[1])[:_SLOWEST])


def _screen(found: dict[str, Any]) -> RenderableType:
    calls = Table(title="Calls", title_justify="left", box=None)
    for title, justify in (("method", "left"), ("a second", "right"), ("p95 now", "right"), ("since start", "right")):
        calls.add_column(title, justify=justify)  # type: ignore[arg-type]
    for method, each in [*found["methods"].items()][:_MOST_METHODS]:
        now, since_start = (_within(each[name]) for name in ("p95_seconds", "p95_seconds_since_start"))
        calls.add_row(method, f"{each['per_second']}", now, since_start)
    state = Table(box=None, show_header=False)
    for name, text in _states(found):
        state.add_row(Text(name, "dim"), text)
    return Group(_verdict(found["problems"]), "", state, "", calls)


def _verdict(wrong: list[dict[str, str]]) -> Text:
    if not wrong:
        return Text("all is well", "bold green")
    lines = [part for each in wrong for part in ((f"! {each['text']}\n", "bold red"), f"  read {each['runbook']}\n")]
    return Text.assemble(*lines, end="")


def _states(found: dict[str, Any]) -> list[tuple[str, Text]]:
    lines = [("processes", Text(", ".join(found["processes"]) or "none"))]
    for server, each in found["database"].items():
        standby = each["lag_seconds"] is not None
        role = f"standby, {each['lag_seconds']:.1f} s behind" if standby else "primary"
        waiting = f", {each['calls_waiting']:.0f} calls wait" if each["calls_waiting"] else ""
        text = f"{role if each['up'] else 'DOWN'}, {each['connections_used']:.0f} connections used{waiting}"
        lines.append((f"database {server}", _graded(text, well=each["up"] and not waiting)))
    lines += [(f"valkey: {use}", _graded("up" if up else "DOWN", well=up)) for use, up in found["valkey"].items()]
    errors = ", ".join(f"{reason} {rate}/s" for reason, rate in found["errors"].items())
    lines.append(("errors", Text(errors or "none")))
    lines.append(("streams", Text(f"{found['streams']:.0f} open")))
    notices = ", ".join(f"{count:.0f} {each}" for each, count in found["notices"].items()) or "none wait"
    lines.append(("notices", Text(notices)))
    providers = ", ".join(found["breakers_open"])
    lines.append(("providers", _graded(f"failing: {providers}" if providers else "up", well=not providers)))
    lines.append(("last backup", _backups(found["backups"])))
    return lines


def _backups(times: dict[str, float]) -> Text:
    """How long ago each step last succeeded."""
    if not times:
        return Text("none; `python -m server backup` takes one")
    parts = []
    for step, (most, _) in BACKUP_SECONDS.items():
        age = time.time() - times[step] if step in times else None
        text = "never" if age is None else f"{timedelta(seconds=round(age))} ago"
        parts.append(_graded(f"{step.replace('_', ' ')} {text}", well=age is not None and age <= most))
    return Text(", ").join(parts)


def _graded(text: str, *, well: bool) -> Text:
    return Text(text, "green" if well else "bold red")


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f"within {seconds * 1000:.0f} ms"


def _edge(address: str) -> Snapshot | None:
    """What Envoy says: nothing if it does not answer, None if nobody knows where it is."""
    try:
        return _scraped(address) if address else None
    except (OSError, ValueError):
        return Snapshot()


def _scrape(address: str) -> Snapshot:
    try:
        return _scraped(address)
    except (OSError, ValueError) as error:
        raise fail(
            f"{address} does not give metrics ({error}): either nothing runs there, or the process that answers for "
            "its task hangs; docs/runbooks/worker-down.md says how to find it"
        ) from None


def _scraped(address: str) -> Snapshot:
    with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  # an operator's own address
        return Snapshot.of(answer.read().decode())
