"""`python -m server release --to DIR`: goes over to another release while the stack serves."""

from pathlib import Path
from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import environment_of, stack
from server.local import HOME, LocalError, control
from server.local.control import ControlRequest
from server.local.servers import workers


@app.command()
def release(
    *,
    to: Annotated[Path, typer.Option(help="Checkout of the other release, in which `make .venv/built` was run.")],
    seconds: Annotated[float, typer.Option(min=1, max=60, help="How long each share of the calls is watched.")] = 10.0,
    back: Annotated[bool, typer.Option(help="Go back to an earlier release: run no migrations.")] = False,
) -> None:
    """Replace the workers of the stack that `make up` runs by those of another release, without a failed call.

    Its migrations run that the running release survives. Its workers are started beside the running ones and get 10, 50
    and 100 % of the calls. If they fail calls, the old ones get all calls again, and this ends with status 1.
    """
    running = stack()
    try:
        other = workers.release_in(to)
        if not back:
            print(workers.migrate_before(other, environment_of(running)), end="")
        control.send(HOME, ControlRequest(len(running.workers), release=str(other.directory), seconds=seconds))
    except LocalError as error:
        raise fail(str(error)) from None
    print(f"all calls go to {other.directory}: {', '.join(stack().workers)}")
