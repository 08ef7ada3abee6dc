"""`python -m server import-fhir DIR`: imports a FHIR R4 bulk export."""

import asyncio
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import phonenumbers
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.commands import app, end_on_sigterm_as_on_ctrl_c, fail
from server.commands.failures import told
from server.commands.running import settings_here
from server.config import Settings
from server.domain.errors import DomainError
from server.domain.people.characters import escaped
from server.fhir.export import KINDS, Export, Outcome, Report, find
from server.fhir.fields import Origin
from server.fhir.files import ExportError
from server.usecases.importing.batches import ImportCounts, ImportOptions
from server.usecases.importing.run import ForeignIdentifiersError, Importer
from server.wiring import wired

SOME_REPORTED = 2
_SOURCE = "urn:yoyaku:fhir"
_MOST_REASONS = 50
_RESOURCE = re.compile(r"(?<!\S)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]+")
_NOTHING = "it was a dry run: nothing was changed"
_GO_ON = "what was imported stays; run the same command again to continue"


@app.command(name="import-fhir")
def import_fhir(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory with the export's .ndjson files.")],
    time_zone: Annotated[
        str,
        typer.Option(
            help="IANA time zone, such as Asia/Tokyo, of organizations that do not give one by the extension timezone,"
            " whatever their addresses say."
        ),
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            help="Base URL of the exporting system. Give it if you import from several, whose ids may collide."
        ),
    ] = _SOURCE,
    country: Annotated[
        str, typer.Option(help="Country of phone numbers without a country code, in two letters, such as JP.")
    ] = "",
    visit_minutes: Annotated[
        int,
        typer.Option(min=1, max=1440, help="Assumed length of a visit without an end, or whose end is its start."),
    ] = 30,
    hours_from_slots: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Make working hours of Slots and their Schedules from this day on, today or later.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Print the whole report and change nothing.")] = False,
    as_overrides: Annotated[
        bool, typer.Option(help="Let appointments whose doctor has no free seat take an extra one.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write what is reported to this file too, a JSON object a line.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with code 2 if any line was reported.")] = False,
) -> None:
    """Load a FHIR R4 bulk export: organizations, practitioners, patients, appointments, medical records.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. It can be run again at any time: then it
    adopts what has changed at the exporter, unless it was changed here too. Lines that cannot be used are reported on
    standard error with file, line and reason.

    Exit code 0: every usable line is imported; 1: nothing could be read, or the import was interrupted; with
    --strict 2: lines were reported.
    """
    origin = Origin(_checked_source(source), _zone(time_zone), datetime.now(UTC), _region(country), visit_minutes)
    options = ImportOptions(as_overrides, _hours_since(hours_from_slots), dry_run)
    end_on_sigterm_as_on_ctrl_c()
    with _failures_explained(after=_NOTHING if dry_run else _GO_ON):
        export = find(directory)
        export.with_slots = hours_from_slots is not None
        outcomes = _run(export, origin, options, settings_here())
    if report:
        _write(report, _all_reports(export, outcomes))
    reported = _summarize(export, outcomes)
    if dry_run:
        print("this was a dry run: nothing was changed")
    if reported and strict:
        raise typer.Exit(SOME_REPORTED)


@contextmanager
def _failures_explained(*, after: str) -> Iterator[None]:
    """End the command with what failed, and with what holds `after` that."""
    try:
        yield
    except (ExportError, ForeignIdentifiersError) as error:
        raise fail(str(error)) from None
    except DomainError as error:
        raise fail(f"{told(error)} ({after})") from None
    except KeyboardInterrupt:
        raise fail(f"stopped: {after}") from None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        raise fail(f"there is no time zone {name}: give one of the IANA database, such as Asia/Tokyo") from None


def _hours_since(day: datetime | None) -> date:
    if day and day.date() < datetime.now(UTC).date():
        raise fail(f"{day.date()} is over: --hours-from-slots sets working hours from today or a later day on")
    return day.date() if day else date.max


def _region(country: str) -> str:
    if country and country.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise fail(f"there is no country {country}: give two letters of ISO 3166, such as JP")
    return country.upper()


def _checked_source(source: str) -> str:
    given = source.rstrip("/")
    if not 0 < len(given) <= 150 or not given.isprintable():  # noqa: PLR2004  # a type follows, 200 in all
        raise fail("--source is empty or longer than 150 characters: give the base URL of the exporter")
    return given


def _run(export: Export, origin: Origin, options: ImportOptions, configured: Settings) -> dict[str, ImportCounts]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for file in progress.track(export.files, description="Reading files"):
            export.survey(file, origin)
        _say(progress, export.reports)
        return asyncio.run(_import(export, origin, options, configured, progress))


async def _import(
    export: Export, origin: Origin, options: ImportOptions, configured: Settings, progress: Progress
) -> dict[str, ImportCounts]:
    tasks = {kind: progress.add_task(kind, total=export.counts[kind]) for kind in KINDS if export.counts[kind]}
    outcomes: defaultdict[str, ImportCounts] = defaultdict(ImportCounts)
    async with wired(configured) as parts:
        if not options.dry_run:
            await parts.patients.forget_all()  # in case that an earlier run was killed before it could
        importer = Importer(parts.engine, parts.clock, parts.new_id, parts.cipher, parts.trail)
        async for kind, lines, outcome in importer.run(export, origin, options):
            if outcome.changed and not options.dry_run:
                await parts.patients.forget_all()
            outcomes[kind].add(outcome)
            progress.advance(tasks[kind], lines)
            _say(progress, outcome.reports)
    return outcomes


def _say(progress: Progress, reports: Iterable[Report]) -> None:
    for report in reports:
        # Printed above the progress bar, each on one line, without wrapping or markup.
        progress.console.print(escaped(str(report)), markup=False, highlight=False, emoji=False, soft_wrap=True)


def _all_reports(export: Export, outcomes: dict[str, ImportCounts]) -> list[Report]:
    return [*export.reports, *(each for outcome in outcomes.values() for each in outcome.reports)]


def _write(path: Path, reports: Iterable[Report]) -> None:
    try:
        with path.open("w") as file:
            file.writelines(json.dumps(asdict(each)) + "\n" for each in reports)
    except OSError as error:
        raise fail(f"{path} cannot be written: {error.strerror}; what is reported is above") from None


def _by_reason(reports: Iterable[Report]) -> Iterator[str]:
    """How many lines, or files, have which reason; the most frequent first, whatever resources it names."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in reports:
        counts[each.outcome, _RESOURCE.sub(r"\1", each.reason)] += each.lines
    for (outcome, reason), count in counts.most_common(_MOST_REASONS):
        yield f"{count:>8}  {outcome}: {escaped(reason)}"


def _summarize(export: Export, outcomes: dict[str, ImportCounts]) -> int:
    """Print the outcome for each kind of resource; the number of reported lines."""
    print(
        f"{'':<18}{'lines':>8}{'new':>8}{'matched':>9}{'unchanged':>11}{'changed':>9}{'not imported':>14}{'in part':>9}"
    )
    for kind, outcome in outcomes.items():
        lost, partly = _lines(outcome, Outcome.NOT_IMPORTED), _lines(outcome, Outcome.IN_PART)
        counts = (
            f"{export.counts[kind]:>8}{outcome.new:>8}{outcome.matched:>9}{outcome.unchanged:>11}{outcome.changed:>9}"
        )
        print(f"{kind:<18}{counts}{lost:>14}{partly:>9}")
    total = ImportCounts(reports=list(export.reports))
    for outcome in outcomes.values():
        total.add(outcome)
    for line in _by_reason(total.reports):
        print(line)
    lost, partly = _lines(total, Outcome.NOT_IMPORTED), _lines(total, Outcome.IN_PART)
    if total.doctors:
        print(f"{total.doctors} doctors made for encounters at an organization where the practitioner has no role")
    done = f"{total.new} new, {total.matched} matched, {total.unchanged} unchanged, {total.changed} changed"
    print(f"{done}, {lost} not imported, {partly} in part")
    if lost or partly:
        print("each line that is not imported, or only in part, is above with its reason", file=sys.stderr)
    return lost + partly


def _lines(outcome: ImportCounts, kind: Outcome) -> int:
    """How many lines are reported with an outcome."""
    places = {(each.file, each.first, each.last) for each in outcome.reports if each.outcome is kind}
    return sum(last - first + 1 for _, first, last in places)
