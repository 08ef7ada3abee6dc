"""What is wrong, as a scrape shows, and where to read what to do; the thresholds are those of the alerts."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from server.telemetry.snapshot import Snapshot

CALLS = "rpc_server_call_duration_seconds"
FAULTS = ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED")
OBJECTIVES = {"CreateAppointment": 0.5, "ListAppointments": 0.2, "ListAvailableSlots": 0.3}
"""Seconds in which 95 % of the calls are to be answered (docs/slo.md)."""
WORKERS = 2
BACKUPS = "yoyaku_backup_succeeded_timestamp_seconds"
BACKUP_SECONDS = {
    "backup": (26 * 3600.0, "backup-old"),
    "wal": (120.0, "wal-not-streamed"),
    "copy": (600.0, "copy-old"),
    "restore_check": (8 * 86_400.0, "restore-not-checked"),
}
"""How old the last success of each step may be, and where to read on."""
_FAILING = 0.005
_ENOUGH_CALLS = 20
_LAG_SECONDS = 0.5
_LATE_SECONDS = 300.0
_SKEW_SECONDS = 1.0
_KEY_SECONDS = 90 * 86_400.0
_CERTIFICATE_DAYS = 14.0
_STARTING_SECONDS = 60.0

Found = Iterator[tuple[str, str]]


class Problem(NamedTuple):
    """One thing that is wrong, and the page that says what to do."""

    text: str
    runbook: str


def problems(now: Snapshot, lately: Snapshot, edge: Snapshot | None) -> list[Problem]:
    """The worst first; `lately` is what was added within some seconds, `edge` what Envoy says, if that is known."""
    sources = (
        _edge(edge),
        _database(now),
        _processes(now),
        _valkey(now),
        _calls(lately),
        _notices(now),
        _times(now),
        _backups(now),
    )
    return [Problem(text, f"docs/runbooks/{name}.md") for source in sources for text, name in source]


def _edge(edge: Snapshot | None) -> Found:
    if edge is None:
        return
    if not edge.samples:
        yield "Envoy does not answer: nobody reaches the system", "edge-down"
    days = min(edge.by("envoy_server_days_until_first_cert_expiring").values(), default=_CERTIFICATE_DAYS)
    if days < _CERTIFICATE_DAYS:
        yield f"a TLS certificate ends in {days:.0f} days", "certificate-ends"


def _database(now: Snapshot) -> Found:
    seen = now.extreme("yoyaku_database_server_up", "server")
    lag = now.extreme("yoyaku_replica_lag_seconds", "server")
    # Only a standby has a lag. Processes take a few seconds to count a primary that is silent as lost.
    lost = bool(seen) and not any(is_up and server not in lag for server, is_up in seen.items())
    if lost or max(now.by("yoyaku_database_primary_up", "process").values(), default=1) == 0:
        yield "no primary database: nothing can be booked", "no-primary"
    for (server,), is_up in now.extreme("yoyaku_database_server_up", "server", lowest=True).items():
        if not is_up:
            yield f"database server {server} does not answer", "no-primary" if lost else "replica-lag"
    for (server,), seconds in lag.items():
        if seconds > _LAG_SECONDS:
            yield f"standby {server} is {seconds:.1f} s behind: reads go to the primary", "replica-lag"
    for (process,), waiting in now.by("db_client_connection_pending_requests", "process").items():
        if waiting:
            yield f"{waiting:.0f} calls of {process} wait for a database connection", "pool-exhausted"


def _processes(now: Snapshot) -> Found:
    names = [process for (process,) in now.by("yoyaku_build_info", "process")]
    workers = sum(name.startswith("server") for name in names)
    if workers < WORKERS:
        yield f"{workers} of {WORKERS} workers answer{_since(now, 'server')}", "worker-down"
    if workers == len(names):
        yield f"no notification worker answers{_since(now, 'notifications')}: notices wait", "worker-down"


def _since(now: Snapshot, kind: str) -> str:
    """What the processes that answer know of one of this kind that does not."""
    silent = now.by("yoyaku_process_silent_since_timestamp_seconds", "process")
    if last := max((at for (process,), at in silent.items() if process.startswith(kind)), default=0):
        return f" (the last sign of life was {_ago(last)} ago)"
    started = min(now.by("process_start_time_seconds", "process").values(), default=0)
    return f" yet, {_ago(started)} after the start" if time.time() - started < _STARTING_SECONDS else ""


def _ago(timestamp: float) -> timedelta:
    return timedelta(seconds=round(time.time() - timestamp))


def _valkey(now: Snapshot) -> Found:
    up = now.extreme("yoyaku_valkey_up", "use", lowest=True)
    if not up.get(("tokens",), 1):
        yield "the token store does not answer: nobody can sign in", "valkey-lost"
    if not up.get(("cache",), 1):
        yield "the cache does not answer: reads go to the database", "valkey-lost"


def _calls(lately: Snapshot) -> Found:
    counts = lately.by(f"{CALLS}_count", "rpc_response_status_code")
    faults = {code: counts[code,] for code in FAULTS if counts.get((code,))}
    if sum(faults.values()) > _FAILING * sum(counts.values()):
        said = ", ".join(f"{count:.0f} {code}" for code, count in faults.items())
        yield (
            f"of {sum(counts.values()):.0f} calls, these failed through our fault: {said}",
            "availability-budget-burns",
        )
    p95, of = lately.quantile(0.95, CALLS, "rpc_method"), lately.by(f"{CALLS}_count", "rpc_method")
    for method, seconds in OBJECTIVES.items():
        if of.get((method,), 0) >= _ENOUGH_CALLS and p95[method] > seconds:
            yield f"p95 of {method} is over {seconds * 1000:.0f} ms", "latency-budget-burns"


def _notices(now: Snapshot) -> Found:
    for (channel,), is_open in now.extreme("yoyaku_provider_breaker_open", "channel").items():
        if is_open:
            yield f"notices by {channel} wait: the provider fails", "provider-failing"
    oldest = max(now.by("yoyaku_notice_oldest_waiting_seconds", "process").values(), default=0)
    if oldest > _LATE_SECONDS:
        yield f"a notice has waited for {oldest / 60:.0f} minutes", "notices-late"
    if dead := now.extreme("yoyaku_notices", "status").get(("dead",)):
        newest = min(now.by("yoyaku_dead_letter_newest_seconds", "process").values(), default=0)
        lately = f"the last one {timedelta(seconds=round(newest))} ago"
        yield (
            f"{dead:.0f} notices that are still of use were given up, {lately}: patients did not get them",
            "dead-letters",
        )


def _times(now: Snapshot) -> Found:
    skew = max(map(abs, now.by("yoyaku_clock_skew_seconds", "process").values()), default=0)
    if skew > _SKEW_SECONDS:
        yield f"a worker's clock is {skew:.1f} s from the database's", "clock-skew"
    age = max(now.by("yoyaku_signing_key_age_seconds", "process").values(), default=0)
    if age > _KEY_SECONDS:
        yield f"the key that signs tokens is {age / 86_400:.0f} days old", "signing-key-old"


def _backups(now: Snapshot) -> Found:
    """Where backups are taken at all, they must be recent."""
    if not (times := now.extreme(BACKUPS, "step")):
        return
    for step, (most, runbook) in BACKUP_SECONDS.items():
        if (step,) not in times:
            yield f"backups: {step} has never succeeded", runbook
        elif (age := time.time() - times[step,]) > most:
            yield f"backups: {step} last succeeded {age / 3600:.1f} hours ago", runbook
