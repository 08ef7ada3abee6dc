"""`python -m server logs`: the logs of the running stack, for people."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.local import HOME
from server.telemetry.logs import for_people

Line = tuple[str, str]
"""The name of a part of the stack, and what it wrote."""


@app.command()
def logs(
    about: Annotated[
        str, typer.Argument(metavar="[ID]", help="Show only lines with this request id or trace id.")
    ] = "",
    directory: Annotated[Path, typer.Option(help="Where the logs are.")] = HOME / "logs",
) -> None:
    """Follow the logs of all parts until Ctrl-C; with an ID, show all there is of one request or trace, by time.

    In a terminal lines are laid out for people; elsewhere they are shown as they were written.
    """
    if not (files := sorted(directory.glob("*.log"))):
        raise fail(f"there are no logs in {directory}: start the stack with `make up`")
    found = _found(directory, about) if about else []
    if about and not found:
        raise fail(f"no line has the id {about}: logs are kept of this run of each process and of the one before it")
    with suppress(KeyboardInterrupt, BrokenPipeError):
        for name, line in found or _followed(files):
            print(_laid_out(name, line) if sys.stdout.isatty() else line, flush=True)


def _followed(files: Iterable[Path]) -> Iterator[Line]:
    """The last lines of each file, and what is added; a file that is replaced is followed on."""
    name = ""
    with subprocess.Popen(
        ["tail", "-n", "20", "-F", *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as tail:
        for raw in tail.stdout or ():
            line = raw.decode(errors="replace").rstrip("\n")
            if line.startswith("==> ") and line.endswith(" <=="):
                name = Path(line[4:-4]).stem
            elif line:
                yield name, line


def _found(directory: Path, about: str) -> list[Line]:
    """The lines about one request or trace, those of the run before too."""
    found = []
    for path in directory.glob("*.log*"):
        with path.open(errors="replace") as lines:
            for line in lines:
                values = _values(line) if about in line else {}
                if about in {values.get("request_id"), values.get("trace_id")}:
                    found.append((str(values.get("timestamp")), path.name.partition(".")[0], line.rstrip("\n")))
    return [(name, line) for _, name, line in sorted(found)]


def _laid_out(name: str, line: str) -> str:
    values = _values(line)
    return f"{name:<16} {for_people(colors=True)(None, '', values) if values else line}"


def _values(line: str) -> dict[str, object]:
    with suppress(ValueError):
        if isinstance(values := json.loads(line), dict):
            return values
    return {}
