"""`python -m server record-retention CLINIC`: how long a clinic keeps its medical records."""

import asyncio
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer

from server.commands import app, fail
from server.commands.running import settings_here
from server.config import Settings
from server.domain.records import Retention
from server.usecases.records.retention import RetentionPolicies
from server.wiring import wired

_COUNTED = 10_000


@app.command(name="record-retention")
def record_retention(
    clinic: Annotated[UUID, typer.Argument(metavar="CLINIC", help="Id of the clinic.")],
    hot_years: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Years in the database since the last amendment, before archiving."),
    ] = None,
    kept_years: Annotated[
        int | None,
        typer.Option(
            min=0, max=1000, help="Years to keep records in total before they may be destroyed; 0 keeps them for ever."
        ),
    ] = None,
) -> None:
    """Show or set how long a clinic keeps its medical records, and show how many may be archived now."""
    policy, count = asyncio.run(_decide(settings_here(), str(clinic), hot_years, kept_years))
    kept = "for ever" if policy.kept_years is None else f"for {policy.kept_years} years"
    more = " or more" if count == _COUNTED else ""
    print(f"records are hot for {policy.hot_years} years and kept {kept}; {count}{more} may be archived now")


async def _decide(
    configured: Settings, clinic_id: str, hot_years: int | None, kept_years: int | None
) -> tuple[Retention, int]:
    async with wired(configured) as parts:
        policies = RetentionPolicies(parts.engine, parts.clock)
        policy = await policies.policy(clinic_id)
        if hot_years is not None:
            policy = replace(policy, hot_years=hot_years)
        if kept_years is not None:
            policy = replace(policy, kept_years=kept_years or None)
        if policy.kept_years is not None and policy.kept_years <= policy.hot_years:
            raise fail("--kept-years must be more than --hot-years: records are archived before they are destroyed")
        if (hot_years, kept_years) != (None, None):
            await policies.decide(clinic_id, policy)
        return policy, len(await policies.archivable(clinic_id, _COUNTED))
