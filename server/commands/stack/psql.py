"""`python -m server psql`: opens the running stack's database in psql."""

import os

from server.commands import app, fail
from server.commands.running import stack
from server.local import LocalError
from server.local.servers import binaries


@app.command()
def psql() -> None:
    """Open psql on the primary of the stack that `make up` runs."""
    running = stack()
    try:
        program = binaries.postgres() / "psql"
    except LocalError as error:
        raise fail(str(error)) from None
    if not program.exists():
        raise fail(f"{program} is missing: install a PostgreSQL client and name it with PG_BIN")
    os.environ["PGTARGETSESSIONATTRS"] = "read-write"  # of several servers, the primary
    os.execv(program, [str(program), running.database_url])  # noqa: S606  # no shell is wanted
