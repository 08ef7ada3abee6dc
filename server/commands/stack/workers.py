"""`python -m server workers`: changes the number of workers, or restarts them, while the stack serves."""

from typing import Annotated

import typer

from server.commands import app, fail
from server.commands.running import stack
from server.config import MOST_WORKERS
from server.local import HOME, LocalError, control
from server.local.control import ControlRequest


@app.command()
def workers(
    count: Annotated[int | None, typer.Argument(min=1, max=MOST_WORKERS, help="How many workers to run.")] = None,
    restart: Annotated[bool, typer.Option(help="Replace each worker with a new process, one at a time.")] = False,
) -> None:
    """Change the number of workers of the stack that `make up` runs, or restart them, without a failed call."""
    running = stack()
    try:
        control.send(HOME, ControlRequest(count or len(running.workers), restart))
    except LocalError as error:
        raise fail(str(error)) from None
    print(f"workers: {', '.join(stack().workers)}")
