"""`python -m server serve`: runs one worker."""

import asyncio
import gc
import signal
from importlib.metadata import version

import structlog
import uvloop

from server import serving
from server.background_tasks import BrokenError
from server.commands import app, fail, settings
from server.config import Settings
from server.rpc.calls import current_call
from server.telemetry import logs
from server.telemetry.logs import place_of
from server.usecases.identity.signing_keys import KeyEncryptionKeyError
from server.usecases.keyrings import KeyRingError

_OBJECTS_BETWEEN_COLLECTIONS = 5_000


@app.command()
def serve() -> None:
    """Run a worker at YOYAKU_LISTEN until SIGTERM or SIGINT, then finish running calls."""
    configured = settings(Settings)
    logs.configure(configured.log_level, configured.log_format, current_call.ids)
    try:
        uvloop.run(_serve(configured))
    except BrokenError as error:
        structlog.get_logger().error("worker is broken", failure=place_of(error))
        raise fail("the worker stopped because a background task failed; its log says which. Start it again") from None
    except (OSError, KeyEncryptionKeyError, KeyRingError) as error:
        raise fail(str(error)) from None


async def _serve(configured: Settings) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    log = structlog.get_logger()
    log.info("worker starts", listen=configured.listen, version=version("yoyaku"))
    # All objects that exist by now are permanent: the garbage collector need not look at them again.
    gc.freeze()
    # grpc leaves a reference cycle of seven objects behind each call. If 50,000 objects wait for the garbage collector,
    # new ones are made in cold memory, and a list costs about 5 % more (`make bench PART=list`). With Python's 700 it
    # runs in the middle of a change that goes to thousands of streams, and each message costs a third more.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    await serving.serve(configured, stop)
    log.info("worker ended")
