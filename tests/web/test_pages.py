"""The files of the pages, as Envoy gives them."""

import re
from pathlib import Path

import httpx
import pytest

from server.edge.pages import PAGES
from tests.edge.envoys import Edge

FILES = sorted(PAGES.glob("*/*.*"))
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_served_as_what_it_is(edge: Edge, file: Path) -> None:
    address = f"/{file.parent.name}" if file.name == "index.html" else f"/{file.parent.name}/{file.name}"
    answer = httpx.get(edge.url + address)
    assert (answer.status_code, answer.content) == (200, file.read_bytes())
    assert answer.headers["content-type"] == f"{KINDS[file.suffix]}; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_may_load_and_reach_nothing_but_its_own_server(edge: Edge) -> None:
    headers = httpx.get(f"{edge.url}/board/").headers
    policy = dict(each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["referrer-policy"] == "no-referrer"
    for file in FILES:
        assert not re.findall(r"https?://|//\w+\.\w+/", file.read_text()), file.name


def test_the_board_is_small() -> None:
    assert sum(file.stat().st_size for file in FILES) < 100_000


def test_what_is_no_page_is_not_found(edge: Edge) -> None:
    for path in ("/board/x.js", "/board/../board.js", "/boards"):
        assert httpx.get(edge.url + path).status_code == 404
