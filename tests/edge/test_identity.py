"""Signing in and devices over REST, as browsers and screens do it."""

from typing import Any

import httpx

from tests.edge.answers import reason
from tests.edge.envoys import Edge
from tests.edge.rest import Rest
from tests.fixtures.waiting import eventually

PASSWORD = "correct horse battery"


def ask(rest: Rest, path: str, /, **fields: Any) -> httpx.Response:
    """A call without a token."""
    return rest.http.post(f"/api/auth/{path}", json=fields)


def joined(rest: Rest, email: str) -> str:
    """An account of the clinic's patient with a password; its id."""
    invitation = {"email": email, "role": "ACCOUNT_ROLE_PATIENT", "patient_id": rest.stack.clinic.patient}
    invited = rest("admin", "POST", "/api/auth/accounts:invite", json=invitation).json()
    answer = ask(rest, "password:set", set_password_token=invited["set_password_token"], password=PASSWORD)
    assert answer.status_code == 200
    return str(invited["account_id"])


def appointments(rest: Rest, access_token: str) -> httpx.Response:
    """The patient's list, with a token."""
    query, headers = {"patient_id": rest.stack.clinic.patient}, {"authorization": f"Bearer {access_token}"}
    return rest.http.get("/api/appointments", params=query, headers=headers)


def test_a_person_signs_in_refreshes_and_signs_out(rest: Rest) -> None:
    joined(rest, "ken@example.org")
    wrong = ask(rest, "login", email="ken@example.org", password="wrong")
    assert (wrong.status_code, reason(wrong)) == (401, "SIGN_IN_FAILED")
    tokens = ask(rest, "login", email="ken@example.org", password=PASSWORD).json()
    assert set(tokens) == {"access_token", "refresh_token", "expires_in", "account"}
    newer = ask(rest, "refresh", refresh_token=tokens["refresh_token"]).json()
    assert set(newer) == {"access_token", "refresh_token", "expires_in"}
    busy = ask(rest, "refresh", refresh_token=tokens["refresh_token"])
    assert (busy.status_code, reason(busy)) == (409, "REFRESH_IN_PROGRESS")
    assert appointments(rest, newer["access_token"]).status_code == 200
    assert ask(rest, "logout", refresh_token=newer["refresh_token"]).status_code == 200
    ended = ask(rest, "refresh", refresh_token=newer["refresh_token"])
    assert (ended.status_code, reason(ended)) == (401, "SESSION_ENDED")


def test_a_stolen_refresh_token_ends_the_session_for_both(rest: Rest) -> None:
    joined(rest, "robbed@example.org")
    stolen = ask(rest, "login", email="robbed@example.org", password=PASSWORD).json()["refresh_token"]
    second = ask(rest, "refresh", refresh_token=stolen).json()["refresh_token"]
    owners = ask(rest, "refresh", refresh_token=second).json()["refresh_token"]
    for token in (stolen, owners):
        answer = ask(rest, "refresh", refresh_token=token)
        assert (answer.status_code, reason(answer)) == (401, "SESSION_ENDED")


def test_a_token_of_a_disabled_account_is_refused_within_seconds(rest: Rest) -> None:
    account_id = joined(rest, "leaving@example.org")
    token = ask(rest, "login", email="leaving@example.org", password=PASSWORD).json()["access_token"]
    assert appointments(rest, token).status_code == 200
    rest("admin", "POST", f"/api/auth/accounts/{account_id}:disable", json={})

    def refused() -> httpx.Response | None:
        answer = appointments(rest, token)
        return answer if answer.status_code != httpx.codes.OK else None

    answer = eventually(refused, 15)
    assert answer
    assert (answer.status_code, reason(answer)) == (401, "TOKEN_INVALID")


def test_neither_passwords_nor_tokens_are_in_the_log(rest: Rest, edge: Edge) -> None:
    ask(rest, "login", email="somebody@example.org", password="a secret password")
    ask(rest, "refresh", refresh_token="a-secret-token")

    def logs() -> str:
        return edge.log() + rest.stack.process.log.read_text()

    assert eventually(lambda: "AuthService/RefreshToken" in logs())
    assert not any(word in logs() for word in ("secret", "somebody"))


def test_a_display_is_paired_without_a_token_and_asks_until_it_is_confirmed(rest: Rest) -> None:
    pairing = ask(rest, "displays:pair").json()
    early = ask(rest, "token", device_token=pairing["device_token"])
    assert (early.status_code, reason(early)) == (400, "DISPLAY_NOT_CONFIRMED")
    assert early.headers["retry-after"] == "3"
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
    answers = []
    for number in range(11):
        claims = {"x-envoy-external-address": f"192.0.2.{number}", "x-forwarded-for": f"198.51.100.{number}"}
        answers.append(rest.http.post("/api/auth/displays:pair", json={}, headers=claims))
    assert answers[-1].status_code == 429
    assert reason(answers[-1]) == "TOO_MANY_ATTEMPTS"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
