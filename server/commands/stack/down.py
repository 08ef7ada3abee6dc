"""`python -m server down`: stops the whole stack."""

from server.commands import app, fail
from server.local import HOME, LocalError
from server.local.stop import stop_stack


@app.command()
def down() -> None:
    """Stop the stack of this checkout, or what is left of it, and wait until all of it has ended."""
    try:
        stopped = stop_stack(HOME, lambda what: print(f"stopping {what}", flush=True))
    except LocalError as error:
        raise fail(str(error)) from None
    print("stopped" if stopped else "nothing to stop: no stack is running from this checkout")
