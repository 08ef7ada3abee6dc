"""`python -m server worker`: one notification worker."""

import asyncio
import signal
from importlib.metadata import version

import structlog
import uvloop

from server.commands import app, fail, settings
from server.config import ConfigurationError, Settings
from server.notifications import wiring as composition
from server.telemetry import logs
from server.usecases.identity.signing_keys import KeyEncryptionKeyError


@app.command()
def worker() -> None:
    """Send notices to patients until SIGTERM or SIGINT, then finish what is being sent."""
    configured = settings(Settings)
    logs.configure(configured.log_level, configured.log_format)
    try:
        uvloop.run(_work(configured))
    except (ConfigurationError, KeyEncryptionKeyError) as error:
        raise fail(str(error)) from None


async def _work(configured: Settings) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    log = structlog.get_logger()
    log.info("notification worker starts", version=version("yoyaku"))
    await composition.work(configured, stop)
    log.info("notification worker ended")
