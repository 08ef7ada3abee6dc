"""`python -m server promote`: makes a standby the primary when the primary is lost."""

import asyncio

from db.postgres.cluster import promotion
from db.postgres.cluster.promotion import NotPromoted
from server.commands import app, fail, settings
from server.config import Settings


@app.command()
def promote() -> None:
    """Promote the standby that has received the most data and raise the epoch; workers switch to it by themselves.

    Works on the servers of YOYAKU_DATABASE_URL. Refused while one of them accepts writes: stop that one first.
    """
    url = settings(Settings).database_url.get_secret_value()
    try:
        done = asyncio.run(promotion.promote(url))
    except NotPromoted as error:
        raise fail(str(error)) from None
    print(f"{done.server} is the primary now; epoch {done.epoch} begins")
    print(f"it has the old primary's writes up to {done.received}; with synchronous standbys that is all of them")
    if done.silent:
        print(f"no answer from {', '.join(done.silent)}: do not start any of these as a primary again (docs/data.md)")
