"""Nothing about a person leaves in logs, spans, metrics, alerts, status or errors: a day of marked values is played."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing

import httpx
import pytest

from tests.fixtures.collector import Collector
from tests.fixtures.stack import Copy
from tests.fixtures.waiting import eventually
from tests.ops.day import BIRTH_DATE, KANJI, MARK, PHONE, Day
from tests.ops.relay import Relay

ADMIN_PAGES = ("/stats", "/stats/prometheus", "/clusters", "/config_dump", "/server_info", "/listeners")


@pytest.fixture(scope="module")
def day(observed: Copy, relay: Relay, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day, when its notices were sent or given up."""
    assert observed.run("log-level", "debug").returncode == 0
    with closing(Day(observed, relay.mails)) as day:
        day.play(tmp_path_factory.mktemp("imports"))
        eventually(lambda: '"outcome": "failed"' in sinks(day, collector)["log of notifications"] and relay.mails)
        yield day


def sinks(day: Day, collector: Collector) -> Mapping[str, str]:
    """All that leaves the system without being meant for the person whom it is about."""
    stack, found = day.stack, {}
    for log in (day.copy.root / ".yoyaku" / "logs").glob("*.log*"):
        found[f"log of {log.stem}"] = log.read_text(errors="replace")
    for name in ("metrics", "edge_metrics"):
        found[name] = httpx.get(stack[name]).text
    for page in ADMIN_PAGES:
        found[f"Envoy's {page}"] = httpx.get(f"{stack['admin']}{page}").text
    for page in ("alerts", "rules", 'series?match[]={__name__!=""}'):
        found[f"Prometheus' {page}"] = httpx.get(f"{stack['prometheus']}/api/v1/{page}").text
    alertmanager = f"http://127.0.0.1:{day.copy.environment['YOYAKU_ALERTMANAGER_PORT']}"
    found["Alertmanager's alerts"] = httpx.get(f"{alertmanager}/api/v2/alerts").text
    for command in (["status"], ["status", "--json"]):
        found[" ".join(command)] = day.copy.run(*command).stdout
    found["spans"] = b"\n".join(collector.messages).decode(errors="replace")
    found["refusals"] = "\n".join(day.refusals)
    return found


def marks(ids: list[str]) -> re.Pattern[str]:
    """What nobody may find, however it is written, and these ids of patients."""
    escaped = [re.escape(form) for form in (KANJI, repr(KANJI.encode())[2:-1], ascii(KANJI)[1:-1], "%E9%B5%BA")]
    digits = PHONE[-9:-1]
    return re.compile("|".join([MARK, *escaped, digits, BIRTH_DATE, *ids]), re.IGNORECASE)


def test_the_day_was_a_whole_one(day: Day, relay: Relay, collector: Collector) -> None:
    assert {200, 201, 400, 401, 403, 404, 409, 412, 413, 429, 500, 503} <= set(day.statuses)
    assert any(MARK.encode() in mail for mail in relay.mails)
    logs = sinks(day, collector)
    for event in ("call failed", "trip to the database"):
        assert event in logs["log of worker-1"] + logs["log of worker-2"]
    assert '"said": "smtp 550"' in logs["log of notifications"]
    assert '"said": "smtp 451"' in logs["log of notifications"]
    assert "ERROR:" in logs["log of postgres-primary"]
    assert {"yoyaku-edge", "yoyaku-server", "yoyaku-notifications"} == {span.service for span in collector.spans}
    assert any(span.failed for span in collector.spans)


def test_no_mark_is_in_anything_that_left(day: Day, collector: Collector) -> None:
    found = {}
    for name, text in sinks(day, collector).items():
        assert text, f"{name} is empty"
        # Callers are told of ids that they sent themselves.
        pattern = marks(day.secrets if name == "refusals" else [*day.patients, *day.secrets])
        leaks = [
            line[max(0, match.start() - 200) : match.end() + 50]
            for line in text.splitlines()
            if (match := pattern.search(line))
        ]
        if leaks:
            found[name] = leaks[:3]
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in lines)
