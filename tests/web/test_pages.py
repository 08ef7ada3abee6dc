"""The files of the pages, as Envoy gives them."""

import json
import re
from pathlib import Path

import httpx
import pytest

from server.edge.pages import PAGES
from tests.edge.envoys import Edge

ROOT = PAGES.parents[1]

SVG = "http://www.w3.org/2000/svg"
"""The name of a kind of element, which nobody loads."""
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
FILES = sorted(file for file in PAGES.rglob("*.*") if file.suffix in KINDS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PAGES)))
def test_every_file_is_served_as_what_it_is(edge: Edge, file: Path) -> None:
    address = "/" + str(file.relative_to(PAGES)).removesuffix("index.html")
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
        assert not re.findall(r"https?://|//\w+\.\w+/", file.read_text().replace(SVG, "")), file.name


def test_the_board_is_small() -> None:
    assert sum(file.stat().st_size for file in FILES if file.parent.name == "board") < 100_000


def test_the_page_for_developers_links_to_what_is_there(edge: Edge) -> None:
    page = httpx.get(f"{edge.url}/developers").text
    links = re.findall(r'(?:href|src)="(/[^"]*)"', page)
    assert {"/", "/board", "/reference", "/openapi.json", "/readyz"} <= set(links)
    assert {httpx.get(edge.url + link).status_code for link in links} == {200}
    documents = re.findall(r"<dt>([^<]+)</dt>", page)
    assert documents
    assert [each for each in documents if not (ROOT / "docs" / each).exists()] == []


def test_the_openapi_file_is_served_without_a_token_and_compressed_once(edge: Edge) -> None:
    plain = httpx.get(f"{edge.url}/openapi.json", headers={"accept-encoding": "identity"})
    short = httpx.get(f"{edge.url}/openapi.json", headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == short.json() == json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert {answer.headers["content-type"] for answer in (plain, short)} == {"application/json"}
    assert {answer.headers["access-control-allow-origin"] for answer in (plain, short)} == {"*"}
    assert int(short.headers["content-length"]) < len(plain.content) / 5
    compressed = edge.directory / "web" / "openapi.json.gz"
    assert int(short.headers["content-length"]) == compressed.stat().st_size


def test_what_is_no_page_is_not_found(edge: Edge) -> None:
    for path in ("/board/x.js", "/board/../board.js", "/boards"):
        assert httpx.get(edge.url + path).status_code == 404
