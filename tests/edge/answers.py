"""How tests read an error in its one JSON shape."""

from typing import Any

import httpx


def error(answer: httpx.Response) -> dict[str, Any]:
    """The one shape of errors; fails for any other, and if header and body differ about when to try again."""
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "message", "details"}
    assert body["message"]
    delays = [each["retry_delay"] for each in body["details"] if each["@type"].endswith("google.rpc.RetryInfo")]
    assert delays == [f"{each}s" for each in answer.headers.get_list("retry-after")]
    assert bool(delays) == (answer.status_code in {429, 503}) or answer.status_code in {400, 409}
    return body


def reason(answer: httpx.Response) -> str:
    """The reason that the error gives."""
    (info,) = [each for each in error(answer)["details"] if each["@type"].endswith("google.rpc.ErrorInfo")]
    assert info["domain"] == "yoyaku"
    return str(info["reason"])
