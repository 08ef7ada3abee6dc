"""`python -m server downtime-sheets DIR`: keeps each doctor's day on disk, for when nothing else works."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import start_http_server

from db.postgres.cluster.clock import database_clock
from db.postgres.cluster.engines import Engine, create_engine
from db.postgres.downtime import SheetClinicRow
from server.addresses import host_and_port
from server.commands import app, end_on_sigterm_as_on_ctrl_c, fail
from server.commands.data.sheet_files import SheetFiles
from server.commands.failures import told
from server.commands.running import database_settings_here
from server.config import DatabaseSettings
from server.domain.errors import DomainError, Reason, not_found
from server.domain.ids import Clock, system_clock
from server.telemetry import logs
from server.telemetry.readings import Readings, Value
from server.usecases.downtime import pages
from server.usecases.downtime.pages import Written
from server.usecases.downtime.sheets import Sheets
from server.usecases.downtime.words import words

_EVERY_SECONDS = 60.0
_OTHERS = 0o077
_CONNECTIONS = 2
_WAIT_SECONDS = 5.0

_log = structlog.get_logger()


@app.command(name="downtime-sheets")
def downtime_sheets(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory for the sheets; made if it is not there.")
    ],
    clinic: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this clinic; may be repeated.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Write them once instead of every minute.")] = False,
    metrics: Annotated[
        str, typer.Option("--metrics", metavar="HOST:PORT", help="Where Prometheus can ask how old the sheets are.")
    ] = "",
) -> None:
    """Write the day of each doctor, today and tomorrow, as pages to print, every minute until Ctrl-C.

    Start with DIR/index.html. The sheets have names, birth dates and phone numbers of patients; only the owner of DIR
    can read them. While the database cannot be read the last ones stay, and the index says since when.
    docs/downtime.md has the rest.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs.
    """
    configured, wanted = database_settings_here(), {each.lower() for each in clinic or ()}
    _prepare(directory)
    if not once:
        logs.configure(configured.log_level, configured.log_format)
    end_on_sigterm_as_on_ctrl_c()
    try:
        files = SheetFiles(directory)
        with files.locked() as alone:
            if not alone:
                raise fail(f"another run writes the sheets in {directory}: stop it first, or name another directory")
            with _telling(files, metrics):
                asyncio.run(_run(configured, files, wanted, once=once))
    except DomainError as error:
        raise fail(f"{told(error)}; the index says that the sheets are out of date") from None
    except OSError as error:
        raise fail(f"{directory} cannot be written: {error.strerror}") from None
    except KeyboardInterrupt:
        return


@contextmanager
def _telling(files: SheetFiles, address: str) -> Iterator[None]:
    """Serve how old the sheets are at an address, if there is one. Ends the command if it cannot be used."""
    if not address:
        yield
        return

    def age() -> Iterator[Value]:
        if as_of := files.as_of:
            yield "yoyaku_downtime_sheets_as_of_timestamp_seconds", (), as_of.timestamp()

    registry = CollectorRegistry()
    registry.register(Readings([age]))
    try:
        host, port = host_and_port(address)
        server, thread = start_http_server(port, host, registry=registry)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it {error}"
        raise fail(f"--metrics {address} cannot be used ({why}): name a free one, such as 127.0.0.1:9465") from None
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        if directory.stat().st_mode & _OTHERS:
            raise fail(f"others may read {directory}, and the sheets have names of patients: chmod 700 it first")
    except FileExistsError:
        raise fail(f"{directory} is a file: name a directory") from None
    except OSError as error:
        raise fail(f"{directory} cannot be made: {error.strerror}; its parent directory must exist") from None


async def _run(configured: DatabaseSettings, files: SheetFiles, wanted: set[str], *, once: bool) -> None:
    async with _database(configured.database_url.get_secret_value()) as (engine, clock):
        sheets = Sheets(engine, clock)
        if once:
            print(f"{await refresh(sheets, files, clock, wanted)} files written")
            return
        well: bool | None = None
        while True:
            began = time.monotonic()
            try:
                count = await refresh(sheets, files, clock, wanted)
                if not well:
                    _log.info("downtime sheets are written", files=count)
                well = True
            except (DomainError, OSError) as error:
                if well is not False:
                    _log.warning("downtime sheets are out of date", failure=_failure(error))
                well = False
            await asyncio.sleep(max(began + _EVERY_SECONDS - time.monotonic(), 1))


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[tuple[Engine, Clock]]:
    """The database and its clock; of several servers, which one is the primary is followed."""
    engine = create_engine(url, size=_CONNECTIONS, wait_seconds=_WAIT_SECONDS, application="yoyaku-sheets")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        if len(engine.nodes) > 1:
            await stack.enter_async_context(engine.watched())
        yield engine, await stack.enter_async_context(database_clock(engine, system_clock))


def _failure(error: DomainError | OSError) -> str | None:
    return error.reason.name if isinstance(error, DomainError) else error.strerror


async def refresh(sheets: Sheets, files: SheetFiles, clock: Clock, wanted: set[str]) -> int:
    """Write all sheets and the index; the number of sheets. If that fails, the index says so (DomainError, OSError)."""
    try:
        return await _write_all(sheets, files, clock, wanted)
    except DomainError:
        files.stale(clock())
        raise


async def _write_all(sheets: Sheets, files: SheetFiles, clock: Clock, wanted: set[str]) -> int:
    written = set()
    for clinic in _chosen(await sheets.clinics(), files, wanted):
        for day in range(2):
            sheet = await _write(sheets, files, clinic, day, clock())
            files.note(sheet)
            written.add(sheet.file)
    files.complete(written)
    return len(written)


def _chosen(clinics: Sequence[SheetClinicRow], files: SheetFiles, wanted: set[str]) -> Sequence[SheetClinicRow]:
    """The clinics that are wanted (CLINIC_NOT_FOUND): the sheets of a clinic are not removed because it is missing.

    A database that has no clinic may be one that is still to be restored.
    """
    chosen = [clinic for clinic in clinics if not wanted or clinic.id in wanted]
    missing = wanted.difference(clinic.id for clinic in chosen)
    if missing:
        raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", ", ".join(sorted(missing)))
    if files.has_sheets and not chosen:
        raise DomainError(Reason.CLINIC_NOT_FOUND, "the database has no clinics: check YOYAKU_DATABASE_URL")
    return chosen


async def _write(sheets: Sheets, files: SheetFiles, clinic: SheetClinicRow, ahead: int, now: datetime) -> Written:
    """Write a day of a clinic, doctor by doctor."""
    day = (now.astimezone(ZoneInfo(clinic.time_zone)) + timedelta(days=ahead)).date()
    name, doctors, as_of = f"{day}-{clinic.id}.html", [], now
    with files.replaced(name) as file:
        file.write(pages.start(f"{clinic.name}, {day}", clinic.language))
        for doctor_id in await sheets.doctor_ids(clinic.id):
            if sheet := await sheets.sheet(doctor_id, day):
                file.write(pages.section(clinic, day, sheet))
                count = sum(each.visit is not None for each in sheet.lines)
                doctors.append((doctor_id, sheet.doctor_name, count))
                as_of = min(as_of, sheet.as_of)
        if not doctors:
            file.write(pages.nobody(words(clinic.language)))
        file.write(pages.END)
    as_of_text = as_of.astimezone(UTC).isoformat(timespec="seconds")
    return Written(
        name, clinic.id, clinic.name, clinic.time_zone, clinic.language, day.isoformat(), as_of_text, doctors
    )
