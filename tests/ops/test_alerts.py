"""Alerts: each fires when it should and stays quiet when it should, has a runbook, and reaches somebody."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "ops" / "prometheus"
TOOLS = ROOT / ".venv" / "prometheus" / "usr" / "bin"
ALERTS = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"][0]["rules"]

Series = dict[str, str]
"""Values by series, one a minute, as promtool writes them: 0+60x10 rises by 60 ten times."""

_EDGE = 'envoy_http_conn_manager_prefix="edge"'


def calls(failed_a_minute: int, of: int = 6_000) -> Series:
    """An hour of calls as the edge saw them."""
    return {
        f'envoy_http_downstream_rq_xx{{{_EDGE},envoy_response_code_class="5"}}': f"0+{failed_a_minute}x60",
        f"envoy_http_downstream_rq_completed{{{_EDGE}}}": f"0+{of}x60",
    }


def timed(method: str, le: str, in_time: int, of: int = 100) -> Series:
    """An hour of calls of a method, of which some were answered within `le` seconds."""
    return {
        f'rpc_server_call_duration_seconds_bucket{{rpc_method="{method}",le="{le}"}}': f"0+{in_time}x60",
        f'rpc_server_call_duration_seconds_bucket{{rpc_method="{method}",le="+Inf"}}': f"0+{of}x60",
        f'rpc_server_call_duration_seconds_count{{rpc_method="{method}"}}': f"0+{of}x60",
    }


def turned_away(a_minute: int) -> Series:
    return {
        "envoy_http_local_rate_limit_rate_limited": f"0+{a_minute}x60",
        f"envoy_http_adaptive_concurrency_gradient_controller_rq_blocked{{{_EDGE}}}": "0x60",
        f"envoy_http_downstream_rq_completed{{{_EDGE}}}": "0+100x60",
    }


def cache(misses: int) -> Series:
    return {
        'yoyaku_cache_reads_total{cache="day",source="database"}': f"0+{misses}x60",
        'yoyaku_cache_reads_total{cache="day",source="memory"}': f"0+{100 - misses}x60",
    }


def steady(series: str, value: float) -> Series:
    return {series: f"{value}x60"}


DAY = 86_400


def succeeded(*steps: tuple[str, float]) -> Series:
    """Steps of the backups, and how many seconds ago each last succeeded, at the time at which alerts are looked at."""
    return {f'yoyaku_backup_succeeded_timestamp_seconds{{step="{step}"}}': f"{2_400 - ago}x60" for step, ago in steps}


TRIP = "db_client_operation_duration_seconds_bucket"
CASES: dict[str, tuple[Series, Series]] = {
    "AvailabilityBudgetBurnsFast": (calls(600), calls(60)),
    "AvailabilityBudgetBurnsSlow": (calls(240), calls(60)),
    "SlowCreateBudgetBurnsFast": (timed("CreateAppointment", "0.5", 10), timed("CreateAppointment", "0.5", 96)),
    "SlowCreateBudgetBurnsSlow": (timed("CreateAppointment", "0.5", 60), timed("CreateAppointment", "0.5", 96)),
    "SlowListBudgetBurnsFast": (timed("ListAppointments", "0.2", 10), timed("ListAppointments", "0.2", 96)),
    "SlowListBudgetBurnsSlow": (timed("ListAppointments", "0.2", 60), timed("ListAppointments", "0.2", 96)),
    "SlowSlotsBudgetBurnsFast": (timed("ListAvailableSlots", "0.3", 10), timed("ListAvailableSlots", "0.3", 96)),
    "SlowSlotsBudgetBurnsSlow": (timed("ListAvailableSlots", "0.3", 60), timed("ListAvailableSlots", "0.3", 96)),
    "CallsSlow": (
        timed("GetPatient", "1.0", 50) | timed("GetPatient", "2.5", 100),
        timed("GetPatient", "1.0", 99),
    ),
    "DatabaseSlow": (
        {f'{TRIP}{{le="0.1"}}': "0+90x60", f'{TRIP}{{le="0.5"}}': "0+100x60", f'{TRIP}{{le="+Inf"}}': "0+100x60"},
        {f'{TRIP}{{le="0.1"}}': "0+100x60", f'{TRIP}{{le="+Inf"}}': "0+100x60"},
    ),
    "EdgeDown": (steady('up{job="edge"}', 0), steady('up{job="edge"}', 1)),
    "NoPrimary": (steady("yoyaku_database_primary_up", 0), steady("yoyaku_database_primary_up", 1)),
    "ReplicaLag": (
        steady('yoyaku_replica_lag_seconds{server="2"}', 0.8),
        steady('yoyaku_replica_lag_seconds{server="2"}', 0.1),
    ),
    "ReplicaDown": (
        steady('yoyaku_database_server_up{server="2"}', 0),
        steady('yoyaku_database_server_up{server="2"}', 1),
    ),
    "PoolExhausted": (
        steady("db_client_connection_pending_requests", 3),
        steady("db_client_connection_pending_requests", 0),
    ),
    "CacheLost": (steady('yoyaku_valkey_up{use="cache"}', 0), steady('yoyaku_valkey_up{use="cache"}', 1)),
    "TokenStoreLost": (steady('yoyaku_valkey_up{use="tokens"}', 0), steady('yoyaku_valkey_up{use="tokens"}', 1)),
    "CacheMisses": (cache(40), cache(5)),
    "ProviderFailing": (
        steady('yoyaku_provider_breaker_open{channel="email"}', 1),
        steady('yoyaku_provider_breaker_open{channel="email"}', 0),
    ),
    "NoticesLate": (
        steady("yoyaku_notice_oldest_waiting_seconds", 400),
        steady("yoyaku_notice_oldest_waiting_seconds", 3),
    ),
    "DeadLetters": ({"yoyaku_dead_letters_total": "0+1x60"}, {"yoyaku_dead_letters_total": "5x60"}),
    "CertificateEnds": (
        steady("envoy_server_days_until_first_cert_expiring", 10),
        steady("envoy_server_days_until_first_cert_expiring", 60),
    ),
    "SigningKeyOld": (
        steady("yoyaku_signing_key_age_seconds", 91 * 86_400),
        steady("yoyaku_signing_key_age_seconds", 30 * 86_400),
    ),
    "BackupOld": (succeeded(("backup", 27 * 3_600)), succeeded(("backup", 25 * 3_600))),
    "WalNotStreamed": (succeeded(("wal", 1_200)), succeeded(("wal", 0))),
    "CopyOld": (succeeded(("copy", 1_200)), succeeded(("copy", 0))),
    "RestoreNotChecked": (
        succeeded(("backup", 60)),
        succeeded(("backup", 60), ("restore_check", 7 * DAY)),
    ),
    "DowntimeSheetsOld": (
        steady("yoyaku_downtime_sheets_as_of_timestamp_seconds", 2_400 - 400),
        steady("yoyaku_downtime_sheets_as_of_timestamp_seconds", 2_400 - 70) | steady('up{job="downtime-sheets"}', 1),
    ),
    "ClockSkew": (steady("yoyaku_clock_skew_seconds", -2), steady("yoyaku_clock_skew_seconds", 0.02)),
    "CallsTurnedAway": (turned_away(30), turned_away(5)),
    "WorkerDown": (
        steady('up{job="yoyaku"}', 0),
        steady('up{job="yoyaku"}', 1)
        | steady('yoyaku_build_info{process="server-1",task="a"}', 1)
        | steady('yoyaku_build_info{process="server-2",task="a"}', 1)
        | steady('yoyaku_build_info{process="notifications-3",task="a"}', 1),
    ),
}


@pytest.mark.parametrize("name", [rule["alert"] for rule in ALERTS])
def test_an_alert_fires_when_it_should_and_stays_quiet_when_it_should(name: str, tmp_path: Path) -> None:
    firing, quiet = CASES[name]
    assert fired(firing, name, tmp_path), "the alert did not fire"
    assert not fired(quiet, name, tmp_path), "the alert fired without a cause"


def fired(series: Series, name: str, scratch: Path) -> bool:
    """Whether an alert fires after forty minutes of these series."""
    test: dict[str, Any] = {
        "rule_files": [str(PROMETHEUS / "recording.yml"), str(PROMETHEUS / "alerts.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": key, "values": values} for key, values in series.items()],
                "alert_rule_test": [{"eval_time": "40m", "alertname": name, "exp_alerts": []}],
            }
        ],
    }
    file = scratch / "test.yml"
    file.write_text(yaml.safe_dump(test))
    done = subprocess.run([TOOLS / "promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0 or "got:[" in output.replace(" ", ""), output
    return done.returncode != 0


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning", "ticket"}
    assert rule["annotations"]["summary"]
    runbook = (ROOT / rule["annotations"]["runbook"]).read_text()
    for heading in ("## What it means", "## What patients notice", "## First look", "## Fix", "## Over when"):
        assert heading in runbook
    assert rule["alert"] in runbook


def test_rules_and_routes_are_valid() -> None:
    commands: list[list[str | Path]] = [
        [TOOLS / "promtool", "check", "rules", *PROMETHEUS.glob("*ing.yml"), PROMETHEUS / "alerts.yml"],
        [TOOLS / "promtool", "check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml"],
        [TOOLS / "amtool", "check-config", ROOT / "ops" / "alertmanager" / "alertmanager.yml"],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "pager"), ("warning", "working-hours"), ("ticket", "tickets")]
)
def test_who_is_told_follows_from_the_severity(severity: str, receiver: str) -> None:
    config = ROOT / "ops" / "alertmanager" / "alertmanager.yml"
    done = subprocess.run(
        [TOOLS / "amtool", "config", "routes", "test", f"--config.file={config}", f"severity={severity}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == receiver


def test_a_check_of_long_ago_counts_as_none(tmp_path: Path) -> None:
    assert fired(succeeded(("backup", 60), ("restore_check", 9 * DAY)), "RestoreNotChecked", tmp_path)


def test_downtime_sheets_that_nobody_writes_count_as_old(tmp_path: Path) -> None:
    assert fired(steady('up{job="downtime-sheets"}', 0), "DowntimeSheetsOld", tmp_path)


def test_where_others_take_the_backups_no_alert_asks_for_ours(tmp_path: Path) -> None:
    for name in ("BackupOld", "WalNotStreamed", "CopyOld", "RestoreNotChecked"):
        assert not fired(steady("yoyaku_build_info", 1), name, tmp_path)
