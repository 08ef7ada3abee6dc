"""`python -m server reset`: as if the stack had never run."""

from server.commands import app, fail
from server.local import HOME, LocalError
from server.local.servers import data_location
from server.local.stop import stop_stack
from server.local.supervisor import alone


@app.command()
def reset() -> None:
    """Stop the stack of this checkout and remove its data, logs and secrets."""
    try:
        stop_stack(HOME, lambda what: print(f"stopping {what}", flush=True))
        with alone(HOME):
            data_location.remove(HOME)
    except LocalError as error:
        raise fail(str(error)) from None
    print(f"removed {HOME}")
