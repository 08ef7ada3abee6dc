"""Pages of staff that nobody uses any more, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.web.conftest import Room
from tests.web.desks import administration, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_desk_that_was_closed_and_not_used_for_five_minutes_asks_who_is_there(
    browser: Browser, room: Room
) -> None:
    async with desk(browser, room) as page:
        await page.reload()
        await expect(page.locator(".day section")).to_have_count(len(room.doctor_ids))
        await page.goto(f"{room.edge.url}/developers/")
        await page.evaluate("localStorage.setItem('yoyaku.desk.used', Date.now() - 5 * 60_000)")
        await page.goto(f"{room.edge.url}/desk/?lang=en")
        await expect(page.locator("#password")).to_be_visible()
        assert await page.evaluate("localStorage.getItem('yoyaku.desk.session')") is None


async def test_an_administration_that_nobody_uses_for_five_minutes_asks_who_is_there(
    browser: Browser, room: Room, stack: Stack
) -> None:
    async with administration(browser, room, stack, "policies") as page:
        await page.clock.install()
        await page.reload()
        await expect(page.locator("main h1")).to_be_visible()
        await page.clock.fast_forward(5 * 60_000 + 10_000)
        await expect(page.get_by_role("status")).to_have_text("Signed out after five minutes without a key.")
        await expect(page.locator("#password")).to_be_visible()
        assert await page.evaluate("localStorage.getItem('yoyaku.admin.session')") is None
    async with administration(browser, room, stack, "policies") as page:
        await page.goto(f"{room.edge.url}/developers/")
        await page.evaluate("localStorage.setItem('yoyaku.admin.used', Date.now() - 5 * 60_000)")
        await page.goto(f"{room.edge.url}/admin/?lang=en")
        await expect(page.locator("#password")).to_be_visible()
