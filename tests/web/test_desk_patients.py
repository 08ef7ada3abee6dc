"""Choosing a patient at the desk, and who may see patients there, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.web.conftest import Room
from tests.web.desks import at, column_of, desk, patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_only_who_was_chosen_for_what_was_typed_last_is_booked(browser: Browser, room: Room) -> None:
    for name in ("Quint Ada", "Quist Ben"):
        await patient(room, name)
    async with desk(browser, room) as page:
        keys, offered = page.keyboard, page.locator("dialog").get_by_role("option")
        await at(page, "16:30", await column_of(page, room, room.doctor_ids[0])).focus()
        await keys.press("Enter")
        field = page.locator("dialog").get_by_role("combobox").first
        await field.fill("Quint")
        await expect(offered.first).to_contain_text("Quint Ada")
        await page.route("**/api/patients:search", lambda route: route.abort())
        await field.fill("Quist")
        await keys.press("Enter")
        await expect(offered).to_have_count(0)
        await expect(page.locator("dialog .chosen")).to_be_empty()
        await page.unroute("**/api/patients:search")
        await field.fill("Quint")
        await expect(offered.first).to_contain_text("Quint Ada")
        await keys.press("Enter")
        await expect(page.locator("dialog .chosen")).to_contain_text("Quint Ada")
        await field.fill("Quist")
        await expect(page.locator("dialog .chosen")).to_be_empty()
        await page.locator("dialog button.primary").click()
        await expect(page.locator("dialog .error-summary")).to_be_visible()
        await keys.press("Escape")
