"""`python -m server demo`: makes the small demo clinics, or a hospital group with years of appointments."""

import asyncio
import json
import sys
from collections.abc import Awaitable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from db.errors import ConstraintViolated, StateError
from server.commands import app, fail
from server.commands.failures import told
from server.commands.running import settings_here
from server.config import Settings
from server.local.demo import accounts, hospital, small
from server.local.demo.plan import SEED, HospitalPlan
from server.wiring import wired


class DemoSize(StrEnum):
    """The size of the demo."""

    SMALL = "small"
    HOSPITAL = "hospital"


@app.command()
def demo(
    size: Annotated[
        DemoSize, typer.Option(help="small: six doctors and no bookings; hospital: 50 doctors, 219,000 appointments.")
    ] = DemoSize.SMALL,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Which hospital to make; each seed makes a different one. [1]")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day that counts as today in the hospital; earlier days are its past. [today]",
        ),
    ] = None,
    passwords: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help='JSON file with passwords to set: {"patient": "...", ...}.'),
    ] = None,
) -> None:
    """Make demo clinics unless they exist, and print accounts, clinics and doctors as one line of JSON.

    Works on YOYAKU_DATABASE_URL, or on the stack that `make up` runs. The same seed and day make the same rows.
    """
    if size is DemoSize.SMALL and (seed is not None or until is not None):
        raise fail("--seed and --until only apply to a hospital: add --size hospital")
    today = datetime.now(UTC).date()
    plan = HospitalPlan(until=until.date() if until else today, seed=SEED if seed is None else seed)
    if plan.until > today:
        raise fail(f"--until {plan.until} is in the future: give today or an earlier day")
    wanted = _wanted(passwords) if passwords else {}
    configured = settings_here()
    work = _small(configured) if size is DemoSize.SMALL else _hospital(configured, plan, any_plan=until is None)
    try:
        made = asyncio.run(_with_passwords(configured, work, wanted))
    except hospital.OtherPlan:
        raise fail(
            f"the hospital of seed {plan.seed} was made for another day than {plan.until} and was left alone:"
            " omit --until to use it, or make another one with a different --seed"
        ) from None
    except ConstraintViolated as violated:
        raise fail(f"nothing was loaded: a row breaks {violated.constraint}; try another --seed") from None
    except StateError as error:
        raise fail(f"nothing was loaded: {told(error)}") from None
    except KeyboardInterrupt:
        raise fail("stopped: nothing was loaded") from None
    print(json.dumps(made))


def _wanted(file: Path) -> dict[str, str]:
    try:
        return TypeAdapter(dict[str, str]).validate_json(file.read_bytes())
    except (ValueError, OSError):
        raise fail(f'{file} has no passwords of accounts: write them as {{"patient": "...", "staff": "..."}}') from None


async def _with_passwords(
    configured: Settings, work: Awaitable[dict[str, Any]], wanted: dict[str, str]
) -> dict[str, Any]:
    made = await work
    if wanted:
        async with wired(configured) as parts:
            await accounts.give_passwords(parts.engine, parts.passwords, made["accounts"], wanted, parts.clock())
    return made


async def _small(configured: Settings) -> dict[str, Any]:
    async with wired(configured) as parts:
        return await small.load(parts.engine, parts.clock(), parts.new_id)


async def _hospital(configured: Settings, plan: HospitalPlan, *, any_plan: bool) -> dict[str, Any]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with wired(configured) as parts:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Appointments", total=plan.appointments)
            made, new = await hospital.load(
                parts.engine, plan, lambda rows: progress.advance(task, rows), any_plan=any_plan
            )
    if not new:
        print(f"the hospital of seed {plan.seed} already exists: nothing was changed", file=sys.stderr)
    return made
