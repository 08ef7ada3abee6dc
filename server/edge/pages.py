"""The pages of clients/web and the OpenAPI file, which Envoy serves from files of its own directory."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from server.edge.contract import built
from server.edge.template import SOURCES, Json

PAGES = SOURCES.with_name("clients") / "web"
OPENAPI = SOURCES / "openapi.json"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def contents() -> dict[Path, bytes]:
    """All that Envoy serves by itself, by path. Raises EdgeError if the contract was not built.

    The OpenAPI file is there in both forms, so that Envoy does not have to compress it for each caller.
    """
    openapi = built(OPENAPI)
    served = {file: (PAGES / file).read_bytes() for file in _files()}
    return served | {Path("openapi.json"): openapi, Path("openapi.json.gz"): gzip.compress(openapi, mtime=0)}


def pages(directory: str) -> list[Json]:
    """The index.html of each page; Envoy's copies are in `directory`."""
    return [
        {"path": path, "pattern": re.escape(path.rstrip("/")) + "/?", **served}
        for file, served in _served(directory)
        if file.name == "index.html"
        for path in ["/" if file.parent == Path() else f"/{file.parent}"]
    ]


def page_parts(directory: str) -> list[Json]:
    """The files that the pages load."""
    return [{"path": f"/{file}", **served} for file, served in _served(directory) if file.name != "index.html"]


def _files() -> list[Path]:
    """The files of all pages, relative to PAGES. A page is a directory with an index.html; that of PAGES is `/`."""
    return sorted(path.relative_to(PAGES) for path in PAGES.rglob("*.*") if path.suffix in _TYPES)


def _served(directory: str) -> Iterator[tuple[Path, dict[str, Json]]]:
    for file in _files():
        yield file, {"file": f"{directory}/web/{file}", "type": f"{_TYPES[file.suffix]}; charset=utf-8"}
