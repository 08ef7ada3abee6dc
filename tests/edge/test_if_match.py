"""Etags in headers: If-Match works as the field etag does, and is never ignored."""

import httpx

from tests.edge.answers import error, reason
from tests.edge.rest import Rest


def etag_of(rest: Rest, path: str) -> str:
    return str(rest("staff", "GET", path).headers["etag"])


def with_if_match(rest: Rest, method: str, path: str, tag: str, body: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {rest.stack.clinic.tokens['staff']}", "if-match": tag}
    return rest.http.request(method, path, headers=headers, json=body)


def test_if_match_works_as_etag_does(rest: Rest) -> None:
    path = f"/api/patients/{rest.stack.clinic.patient}"
    seen = etag_of(rest, path)
    assert seen.startswith('W/"')
    first = with_if_match(rest, "PATCH", path, seen, {"patient": {"phone": "+81311111111"}})
    assert first.status_code == 200, first.text
    second = with_if_match(rest, "PATCH", path, seen, {"patient": {"phone": "+81311111112"}})
    assert (second.status_code, reason(second)) == (412, "ETAG_MISMATCH")
    assert "x-yoyaku-precondition" not in second.headers
    assert rest("staff", "GET", path).json()["patient"]["phone"] == "+81311111111"
    strong = etag_of(rest, path).removeprefix("W/")
    for tag in (strong, "*"):
        assert with_if_match(rest, "PATCH", path, tag, {"patient": {"phone": "+81311111113"}}).status_code == 200
    stale = rest("staff", "PATCH", path, json={"patient": {"phone": "+81311111114", "etag": "1"}})
    assert (stale.status_code, reason(stale)) == (409, "ETAG_MISMATCH")


def test_if_match_guards_every_write_that_has_an_etag(rest: Rest) -> None:
    clinic = rest.stack.clinic
    booked = f"/api/appointments/{rest.book('patient', '12:00').json()['appointment']['id']}"
    writes = [
        ("POST", f"{booked}:cancel", {}),
        ("POST", f"{booked}:reschedule", {"date": clinic.day, "time_slot": "12:30"}),
        ("PUT", f"/api/schedules/{clinic.doctor}/working-hours", {"valid_from": clinic.day, "sessions": []}),
        ("PATCH", f"/api/doctors/{clinic.doctor}", {"doctor": {"specialty": "Surgery"}}),
    ]
    for method, path, body in writes:
        answer = with_if_match(rest, method, path, 'W/"none"', body)
        assert (answer.status_code, reason(answer)) == (412, "ETAG_MISMATCH"), path


def test_an_etag_may_be_written_in_three_ways_in_the_header_and_in_the_body(rest: Rest) -> None:
    path = f"/api/doctors/{rest.stack.clinic.doctor}"
    for form in ("{}", '"{}"', 'W/"{}"'):
        for other in ("", "{}", '"{}"', 'W/"{}"'):
            seen = etag_of(rest, path).removeprefix("W/").strip('"')
            doctor = {"specialty": f"Ward {form} {other}", "etag": other.format(seen)}
            answer = with_if_match(rest, "PATCH", path, form.format(seen), {"doctor": doctor})
            assert answer.status_code == 200, (form, other, answer.text)
        stale = rest("staff", "PATCH", path, json={"doctor": {"specialty": "Surgery", "etag": form.format("0")}})
        assert (stale.status_code, reason(stale)) == (409, "ETAG_MISMATCH"), form


def test_two_headers_that_differ_are_not_read_as_one(rest: Rest) -> None:
    path = f"/api/patients/{rest.stack.clinic.patient}"
    token = ("authorization", f"Bearer {rest.stack.clinic.tokens['staff']}")
    headers = [token, ("if-match", '"0"'), ("if-match", etag_of(rest, path))]
    answer = rest.http.patch(path, headers=headers, json={"patient": {"phone": "+81311111117"}})
    assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST")


def test_an_if_match_that_cannot_be_met_is_refused_not_ignored(rest: Rest) -> None:
    path = f"/api/patients/{rest.stack.clinic.patient}"
    change = {"patient": {"phone": "+81311111115"}}
    for tag in ("", "W/3", '"1", "2"', '"1', 'W/""', "W/*"):
        answer = with_if_match(rest, "PATCH", path, tag, change)
        assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST"), tag
        assert "send the one etag that you have seen" in error(answer)["message"]
    for tag in ("W/3", '"1", "2"', '"1', 'W/""', "*"):
        in_body = {"patient": {**change["patient"], "etag": tag}}
        answer = rest("staff", "PATCH", path, json=in_body)
        assert (answer.status_code, reason(answer)) == (400, "INVALID_REQUEST"), tag
        assert "send the one etag that you have seen" in error(answer)["message"]
    both = with_if_match(rest, "PATCH", path, '"1"', {"patient": {**change["patient"], "etag": "2"}})
    assert (both.status_code, reason(both)) == (400, "INVALID_REQUEST")
    create = with_if_match(rest, "POST", "/api/patients", '"1"', {"name": "Sato Ken"})
    assert (create.status_code, reason(create)) == (400, "INVALID_REQUEST")
    assert "leave the header out" in error(create)["message"]
