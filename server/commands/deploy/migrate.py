"""`python -m server migrate`: migrates the database and makes a key to sign tokens with."""

import asyncio
from typing import Annotated

import typer

from db.postgres import schema
from server.commands import app, fail, settings
from server.config import Settings
from server.wiring import wired


@app.command()
def migrate(
    *,
    pre_only: Annotated[
        bool,
        typer.Option(
            "--pre-only",
            help="Stop before the first `post_` migration, so that the old release keeps working. Run `migrate`"
            " without this option once the old release is gone.",
        ),
    ] = False,
) -> None:
    """Migrate the database at YOYAKU_DATABASE_URL to the newest schema and make the first signing key."""
    try:
        left = asyncio.run(_migrate(settings(Settings), pre_only=pre_only))
    except schema.TableInUse as error:
        raise fail(
            f"{error}, and calls would wait behind this one: end it, or wait (the oldest xact_start in pg_stat_activity"
            " shows which), and run `migrate` again, which goes on where it stopped"
        ) from None
    except schema.OutOfOrder as error:
        raise fail(
            f"{error}: deploy the releases in between first, one after another, or stop all workers and run"
            " `migrate` without --pre-only"
        ) from None
    if left:
        print(f"left for `migrate` without --pre-only, once the old release is gone: {', '.join(left)}")
    else:
        print(f"schema is at {schema.head()}")


async def _migrate(configured: Settings, *, pre_only: bool) -> list[str]:
    left = await schema.upgrade(configured.database_url.get_secret_value(), pre_only=pre_only)
    async with wired(configured) as parts:
        await parts.keys.ensure()
    return left
