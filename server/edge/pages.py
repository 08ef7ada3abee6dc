"""The pages of clients/web, which Envoy serves from files of its own directory."""

import re
from collections.abc import Iterator
from pathlib import Path

from server.edge.template import SOURCES, Json

PAGES = SOURCES.with_name("clients") / "web"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def files() -> list[Path]:
    """The files of all pages, relative to PAGES; each page is a directory with an index.html."""
    return sorted(path.relative_to(PAGES) for path in PAGES.glob("*/*.*"))


def pages(directory: str) -> list[Json]:
    """The index.html of each page; Envoy's copies are in `directory`."""
    return [
        {"path": f"/{file.parent}", "pattern": rf"/{re.escape(str(file.parent))}/?", **served}
        for file, served in _served(directory)
        if file.name == "index.html"
    ]


def page_parts(directory: str) -> list[Json]:
    """The files that the pages load."""
    return [{"path": f"/{file}", **served} for file, served in _served(directory) if file.name != "index.html"]


def _served(directory: str) -> Iterator[tuple[Path, dict[str, Json]]]:
    for file in files():
        yield file, {"file": f"{directory}/web/{file}", "type": f"{_TYPES[file.suffix]}; charset=utf-8"}
