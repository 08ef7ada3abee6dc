"""Every query of every dashboard has an answer from a Prometheus that scrapes the real stack."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.grafana.dashboards import BOARDS, built
from tests.fixtures.stack import Copy
from tests.fixtures.waiting import eventually
from tests.ops.trouble import family, frozen

ANSWER_SECONDS = 60.0


def traffic(copy: Copy) -> None:
    """A little of everything that dashboards show."""
    stack = copy.stack()
    patient, doctor = stack["accounts"]["patient"]["patient_id"], stack["doctors"][0]
    day = (datetime.now(UTC) + timedelta(days=8)).date().isoformat()
    with copy.client("patient") as client:
        slot = {"doctor_id": doctor, "date": day, "time_slot": "09:00"}
        assert client.post("/api/appointments", json={"patient_id": patient, **slot}).status_code == 201
        assert client.post("/api/appointments", json={"patient_id": patient, **slot}).status_code == 409
        reads = ("/api/doctors/{0}", "/api/patients/{1}", "/api/appointments?patient_id={1}")
        slots = "/api/schedules/available-slots?doctor_id={0}&date={2}"
        for _ in range(3):
            for path in (*reads, slots):
                assert client.get(path.format(doctor, patient, day)).status_code == 200
            with client.stream("GET", "/api/schedules/slots:watch", params={"doctor_ids": doctor}) as stream:
                assert next(stream.iter_lines()).startswith("data: ")
            time.sleep(3)  # rates are made from two scrapes


@pytest.fixture(scope="module")
def busy(observed: Copy) -> Copy:
    """The stack after some traffic."""
    traffic(observed)
    return observed


def answer(copy: Copy, query: str) -> list[Any]:
    url = f"{copy.stack()['prometheus']}/api/v1/query"
    found = httpx.get(url, params={"query": query}).json()
    assert found["status"] == "success", found
    return list(found["data"]["result"])


def test_no_query_of_a_dashboard_is_empty(busy: Copy) -> None:
    queries = {query for board in BOARDS for panel in board.panels for query, _ in panel.queries}
    deadline = time.monotonic() + ANSWER_SECONDS
    while queries and time.monotonic() < deadline:
        queries = {query for query in queries if not answer(busy, query)}
        time.sleep(1)
    assert not queries


def test_no_alert_fires_on_a_healthy_stack(observed: Copy) -> None:
    alerts = httpx.get(f"{observed.stack()['prometheus']}/api/v1/alerts").json()["data"]["alerts"]
    assert [each["labels"]["alertname"] for each in alerts if each["state"] == "firing"] == []


def test_prometheus_has_somebody_to_tell(observed: Copy) -> None:
    url = f"{observed.stack()['prometheus']}/api/v1/alertmanagers"
    eventually(lambda: httpx.get(url).json()["data"]["activeAlertmanagers"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_a_dashboard_is_what_grafana_takes(board: Any) -> None:
    made = json.loads(built(board))
    assert made["title"] == board.title
    assert [panel["title"] for panel in made["panels"]] == [panel.title for panel in board.panels]
    assert all(target["expr"] for panel in made["panels"] for target in panel["targets"])


def test_one_id_finds_a_call_in_the_logs_of_envoy_and_of_the_worker(observed: Copy) -> None:
    with observed.client("patient") as client:
        request_id = client.get("/api/clinics").headers["x-request-id"]
    found = eventually(lambda: lines if len(lines := observed.run("logs", request_id).stdout.splitlines()) > 1 else [])
    assert {line["event"]: line["request_id"] for line in map(json.loads, found)} == {
        "request": request_id,
        "call": request_id,
    }


def test_one_screen_says_how_the_system_does(busy: Copy) -> None:
    shown = busy.run("status", "--json")
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert len(found["processes"]) == 3
    assert "CreateAppointment" in found["methods"]
    assert found["valkey"] == {"cache": True, "tokens": True}
    assert [each["up"] for each in found["database"].values()] == [True, True]
    assert found["problems"] == []
    assert "all is well" in busy.run("status").stdout


def test_one_screen_says_what_is_wrong_and_what_to_read(observed: Copy) -> None:
    pids = observed.stack()["pids"]
    parts = [pid for part in ("postgres-primary", "valkey", "envoy", "notifications") for pid in family(pids[part])]
    wanted = {"no-primary", "valkey-lost", "edge-down", "worker-down"}

    def named() -> set[str]:
        found = json.loads(observed.run("status", "--json").stdout)
        return {Path(each["runbook"]).stem for each in found["problems"]}

    with frozen(parts):
        eventually(lambda: named() >= wanted, otherwise=named)
        assert "nothing can be booked\n  read docs/runbooks/no-primary.md" in observed.run("status").stdout
    eventually(lambda: not named(), otherwise=named)
