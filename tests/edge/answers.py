"""How tests read an error in its one JSON shape."""

from typing import Any

import httpx


def error(answer: httpx.Response) -> dict[str, Any]:
    """The one shape of errors; fails for any other."""
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "message", "details"}
    assert body["message"]
    return body


def reason(answer: httpx.Response) -> str:
    """The reason that the error gives."""
    (info,) = [each for each in error(answer)["details"] if each["@type"].endswith("google.rpc.ErrorInfo")]
    assert info["domain"] == "yoyaku"
    return str(info["reason"])
