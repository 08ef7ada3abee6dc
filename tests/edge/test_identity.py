"""Signing in and devices over REST, as browsers and screens do it."""

from typing import Any

import httpx

from tests.edge.answers import error, reason
from tests.edge.rest import Rest


def ask(rest: Rest, path: str, /, **fields: Any) -> httpx.Response:
    """A call without a token."""
    return rest.http.post(f"/api/auth/{path}", json=fields)


def test_a_display_is_paired_without_a_token_and_asks_until_it_is_confirmed(rest: Rest) -> None:
    pairing = ask(rest, "displays:pair").json()
    early = ask(rest, "token", device_token=pairing["device_token"])
    assert (early.status_code, reason(early)) == (400, "DISPLAY_NOT_CONFIRMED")
    assert [each["retry_delay"] for each in error(early)["details"] if "retry_delay" in each] == ["3s"]
    where = {"clinic_id": rest.stack.clinic.clinic, "name": "Entrance"}
    confirmed = rest(
        "staff", "POST", "/api/auth/displays:confirm", json={"pairing_code": pairing["pairing_code"], **where}
    )
    display = confirmed.json()["display"]
    token = ask(rest, "token", device_token=pairing["device_token"]).json()
    assert token["clinic_ids"] == [rest.stack.clinic.clinic]
    query = {"doctor_id": rest.stack.clinic.doctor, "date": rest.stack.clinic.day}
    headers = {"authorization": f"Bearer {token['access_token']}"}
    assert rest.http.get("/api/schedules/available-slots", params=query, headers=headers).status_code == 200
    listed = rest("staff", "GET", "/api/auth/displays", params={"clinic_id": rest.stack.clinic.clinic})
    assert display in listed.json()["displays"]
    assert rest("staff", "POST", f"/api/auth/displays/{display['id']}:revoke", json={}).status_code == 200
    assert reason(ask(rest, "token", device_token=pairing["device_token"])) == "CREDENTIAL_INVALID"


def test_staff_alone_confirm_displays(rest: Rest) -> None:
    body = {"pairing_code": "ABCDEFGH", "clinic_id": rest.stack.clinic.clinic, "name": "Entrance"}
    assert rest("patient", "POST", "/api/auth/displays:confirm", json=body).status_code == 403
    assert reason(ask(rest, "displays:confirm", **body)) == "TOKEN_MISSING"
    assert reason(rest("staff", "POST", "/api/auth/displays:confirm", json=body)) == "PAIRING_CODE_UNKNOWN"


def test_an_address_pairs_ten_displays_a_minute_whatever_it_says_of_itself(rest: Rest) -> None:
    headers = {"x-envoy-external-address": "192.0.2.1", "x-forwarded-for": "192.0.2.2"}
    answers = [rest.http.post("/api/auth/displays:pair", json={}, headers=headers) for _ in range(11)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {reason(answer) for answer in refused} == {"TOO_MANY_ATTEMPTS"}
    assert answers[-1].status_code == 429
