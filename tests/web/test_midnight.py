"""The board when a day ends at its clinic, on a worker whose clock can be moved."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jwt
from playwright.async_api import expect

from tests.edge.envoys import NO_LIMITS, running_envoy, wait_for_readyz
from tests.fixtures.book import Clock
from tests.fixtures.browser import board, chromium
from tests.fixtures.clinic import Scene

TOKYO = ZoneInfo("Asia/Tokyo")


async def long_token(scene: Scene, account_id: str) -> str:
    """A token that does not end in the test: Envoy goes by the real time, the worker by the test's."""
    parts = scene.worker.parts
    issued = await parts.tokens.issue(account_id)
    assert issued
    kid, key = await parts.keys.private()
    claims = jwt.decode(issued, options={"verify_signature": False})
    return jwt.encode(claims | {"exp": claims["exp"] + 7 * 86_400}, key, "EdDSA", {"kid": kid})


async def test_a_doctor_who_is_at_another_clinic_is_shown_so_and_after_who_is_on_duty(
    scene: Scene, clock: Clock, tmp_path: Path
) -> None:
    today = datetime.now(TOKYO).date()
    clock.now = datetime.combine(today, time(9, 0), TOKYO).astimezone(UTC)
    other = await scene.book.clinic()
    person = await scene.book.practitioner_of(scene.doctor_id)
    there = await scene.book.doctor(other, practitioner_id=person)
    here = await scene.book.doctor(scene.clinic_id)
    staff = await scene.worker.client("staff", clinic_ids=[other])
    await scene.book_slot("10:00", staff, doctor_id=there, date=today.isoformat())
    clock.now += timedelta(minutes=70)
    token = await long_token(scene, await scene.book.account("staff", clinic_ids=[scene.clinic_id]))
    port = int(scene.worker.address.rpartition(":")[2])
    with running_envoy(tmp_path, workers=[("127.0.0.1", port)], limits=NO_LIMITS) as edge:
        await asyncio.to_thread(wait_for_readyz, edge, 200)
        async with chromium() as browser, board(browser, edge.url, f"?lang=en#token={token}") as page:
            await expect(page.locator("#state")).to_have_text("Live")
            clock.advance(timedelta(seconds=15))  # a heartbeat tells the board the time
            doing = page.locator("#rows td:nth-child(2)")
            await expect(doing.locator("strong")).to_have_text(["On duty", "At another clinic"])
            await expect(doing.locator("small").nth(1)).to_have_text("until 10:30")
    assert here != scene.doctor_id


async def test_at_midnight_the_board_goes_on_with_the_new_day(scene: Scene, clock: Clock, tmp_path: Path) -> None:
    tomorrow = datetime.now(TOKYO).date() + timedelta(days=1)
    clock.now = datetime.combine(tomorrow, time(0), TOKYO).astimezone(UTC) - timedelta(minutes=2)
    token = await long_token(scene, await scene.book.account("staff", clinic_ids=[scene.clinic_id]))
    port = int(scene.worker.address.rpartition(":")[2])
    with running_envoy(tmp_path, workers=[("127.0.0.1", port)], limits=NO_LIMITS) as edge:
        await asyncio.to_thread(wait_for_readyz, edge, 200)
        async with chromium() as browser, board(browser, edge.url, f"?lang=en#token={token}") as page:
            await expect(page.locator("#state")).to_have_text("Live")
            clock.advance(timedelta(seconds=15))  # a heartbeat tells the board the time
            await expect(page.locator("#clock")).to_have_text("23:58")
            doing, free = page.locator("#rows td").nth(0).locator("strong"), page.locator("#rows td").nth(2)
            await expect(doing).to_have_text("Finished")
            clock.advance(timedelta(minutes=2))
            await expect(page.locator("#date")).to_have_text(
                f"{tomorrow:%A} {tomorrow.day} {tomorrow:%B} {tomorrow.year}"
            )
            await expect(doing).to_have_text("Later")
            await expect(free.locator("strong")).to_have_text("6")
