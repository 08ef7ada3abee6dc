"""What `status` says is wrong, and which page it names."""

import time
from pathlib import Path

import pytest
import yaml

from server.telemetry.problems import problems
from server.telemetry.snapshot import Snapshot

NOTIFICATIONS = 'yoyaku_build_info{process="notifications-3"} 1\n'
ROOT = Path(__file__).resolve().parents[2]
WELL = """\
yoyaku_build_info{process="server-1"} 1
yoyaku_build_info{process="server-2"} 1
yoyaku_build_info{process="notifications-3"} 1
yoyaku_database_primary_up{process="server-1"} 1
yoyaku_database_server_up{process="server-1",server="db1"} 1
yoyaku_database_server_up{process="server-2",server="db1"} 1
yoyaku_replica_lag_seconds{process="server-1",server="db2"} 0.1
yoyaku_valkey_up{process="server-1",use="cache"} 1
yoyaku_valkey_up{process="server-1",use="tokens"} 1
yoyaku_clock_skew_seconds{process="server-1"} -0.1
yoyaku_signing_key_age_seconds{process="server-1"} 60
yoyaku_backup_succeeded_timestamp_seconds{process="server-1",step="backup"} 9e9
yoyaku_backup_succeeded_timestamp_seconds{process="server-1",step="wal"} 9e9
yoyaku_backup_succeeded_timestamp_seconds{process="server-1",step="copy"} 9e9
yoyaku_backup_succeeded_timestamp_seconds{process="server-1",step="restore_check"} 9e9
yoyaku_notices{process="notifications-3",status="waiting"} 4
yoyaku_notices{process="notifications-3",status="dead"} 0
yoyaku_notice_oldest_waiting_seconds{process="notifications-3"} 3
yoyaku_provider_breaker_open{process="notifications-3",channel="email"} 0
db_client_connection_pending_requests{process="server-1",server="db1"} 0
rpc_server_call_duration_seconds_bucket{rpc_method="ListAppointments",le="0.2"} 100
rpc_server_call_duration_seconds_bucket{rpc_method="ListAppointments",le="+Inf"} 100
rpc_server_call_duration_seconds_count{rpc_method="ListAppointments",rpc_response_status_code="OK"} 100
"""
EDGE = "envoy_server_days_until_first_cert_expiring 60\n"


def said(scrape: str, edge: str = EDGE) -> list[tuple[str, str]]:
    now = Snapshot.of(scrape)
    return [(text, Path(runbook).stem) for text, runbook in problems(now, now, Snapshot.of(edge))]


def test_a_primary_that_is_silent_is_no_replica_that_is_down() -> None:
    standby = 'yoyaku_database_server_up{process="server-1",server="db2"} 1\n'
    assert said(WELL + standby) == []
    ill = (WELL + standby).replace('server="db1"} 1\n', 'server="db1"} 0\n')
    assert said(ill) == [
        ("no primary database: nothing can be booked", "no-primary"),
        ("database server db1 does not answer", "no-primary"),
    ]


def test_nothing_is_said_of_a_system_that_is_well() -> None:
    assert said(WELL) == []


@pytest.mark.parametrize(
    ("well", "ill", "text", "runbook"),
    [
        ('up{process="server-1"} 1', 'up{process="server-1"} 0', "nothing can be booked", "no-primary"),
        ('server-2",server="db1"} 1', 'server-2",server="db1"} 0', "server db1 does not answer", "replica-lag"),
        ('db2"} 0.1', 'db2"} 0.8', "standby db2 is 0.8 s behind", "replica-lag"),
        ('server-1",server="db1"} 0', 'server-1",server="db1"} 7', "7 calls of server-1", "pool-exhausted"),
        ('yoyaku_build_info{process="server-2"} 1\n', "", "1 of 2 workers", "worker-down"),
        (NOTIFICATIONS, "", "no notification worker", "worker-down"),
        ('use="cache"} 1', 'use="cache"} 0', "the cache", "valkey-lost"),
        ('use="tokens"} 1', 'use="tokens"} 0', "nobody can sign in", "valkey-lost"),
        ('status_code="OK"} 100', 'status_code="UNAVAILABLE"} 100', "100 UNAVAILABLE", "availability-budget-burns"),
        ('le="0.2"} 100', 'le="0.2"} 90', "p95 of ListAppointments is over 200 ms", "latency-budget-burns"),
        ('channel="email"} 0', 'channel="email"} 1', "notices by email wait", "provider-failing"),
        ("notifications-3\"} 3", "notifications-3\"} 600", "for 10 minutes", "notices-late"),
        ("-0.1", "-1.5", "1.5 s from the database's", "clock-skew"),
        ('server-1"} 60', 'server-1"} 8640000', "100 days old", "signing-key-old"),
        ('step="backup"} 9e9', 'step="backup"} 1e9', "backups: backup last succeeded", "backup-old"),
        ('step="wal"} 9e9', 'step="wal"} 1e9', "backups: wal last succeeded", "wal-not-streamed"),
        ('step="copy"} 9e9', 'step="copy"} 1e9', "backups: copy last succeeded", "copy-old"),
        ('step="restore_check"', 'step="none"', "backups: restore_check has never", "restore-not-checked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_the_page_to_read(well: str, ill: str, text: str, runbook: str) -> None:
    assert well in WELL
    [(found, page)] = said(WELL.replace(well, ill))
    assert text in found
    assert page == runbook


@pytest.mark.parametrize(
    ("kind", "missing"), [("server", "1 of 2 workers answer"), ("notifications", "no notification worker answers")]
)
@pytest.mark.parametrize(
    ("known", "said_of_it"),
    [
        ('process_start_time_seconds{{process="server-1"}} {lately}', " yet, 0:00:04 after the start"),
        ('process_start_time_seconds{{process="server-1"}} 1', ""),
        (
            'yoyaku_process_silent_since_timestamp_seconds{{process="{kind}-9"}} {lately}',
            " (the last sign of life was 0:00:04 ago)",
        ),
        ('yoyaku_process_silent_since_timestamp_seconds{{process="another-9"}} 1', ""),
    ],
)
def test_what_is_known_of_a_process_that_does_not_answer_is_said(
    kind: str, missing: str, known: str, said_of_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 2e9)
    gone = {"server": 'yoyaku_build_info{process="server-2"} 1\n'}.get(kind, NOTIFICATIONS)
    scrape = WELL.replace(gone, "").replace("9e9", "2e9") + known.format(kind=kind, lately=2e9 - 4) + "\n"
    [(text, page)] = said(scrape)
    assert text.removesuffix(": notices wait") == missing + said_of_it
    assert page == "worker-down"


def test_notices_that_were_given_up_are_counted_with_the_time_since_the_last_one() -> None:
    ill = WELL.replace('status="dead"} 0', 'status="dead"} 2')
    [(text, page)] = said(ill + 'yoyaku_dead_letter_newest_seconds{process="notifications-3"} 7205.2\n')
    assert text.startswith("2 notices that are still of use were given up, the last one 2:00:05 ago")
    assert page == "dead-letters"


def test_an_envoy_that_is_away_or_whose_certificate_ends_is_named() -> None:
    assert said(WELL, "") == [("Envoy does not answer: nobody reaches the system", "edge-down")]
    assert said(WELL, EDGE.replace("60", "7")) == [("a TLS certificate ends in 7 days", "certificate-ends")]


def test_each_page_that_is_named_is_the_runbook_of_an_alert() -> None:
    rules = yaml.safe_load((ROOT / "ops" / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    runbooks = {rule["annotations"]["runbook"] for rule in rules}
    ill = WELL.replace("} 1\n", "} 0\n").replace("} 0.1\n", "} 9\n").replace('"OK"', '"INTERNAL"')
    now = Snapshot.of(ill)
    assert {runbook for _, runbook in problems(now, now, Snapshot())} < runbooks
