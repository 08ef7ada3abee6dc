"""axe-core finds nothing wrong with the desk and the administration, in either language and either theme."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.edge.clinic import Stack
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, desk
from tests.web.test_accessibility import AXE, check

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core: run `make node`"),
]
LOOKS = [("en", "dark"), ("ja", "light")]


async def with_axe(page: Page) -> None:
    await page.add_init_script(AXE.read_text())
    await page.reload()


@pytest.mark.parametrize(("lang", "theme"), LOOKS)
async def test_nothing_stands_in_the_way_at_the_desk(browser: Browser, room: Room, lang: str, theme: str) -> None:
    slot = {"en": "14:00", "ja": "15:00"}[lang]
    await booked(room, f"Ota {lang}", slot)
    async with desk(browser, room, lang=lang, color_scheme=theme, reduced_motion="reduce") as page:
        await with_axe(page)
        block = page.locator(".block").filter(has_text=f"Ota {lang}")
        await block.focus()
        await page.keyboard.press("c")
        await expect(page.locator(".bar button:not([hidden])")).to_have_count(2)
        await check(page)
        await page.keyboard.press("c")
        await expect(page.locator(".bar.refused")).to_be_visible()
        await check(page)
        dialog = page.get_by_role("dialog")
        for key, ready in (("?", "#letters"), ("i", "#name"), ("Delete", "#reason"), ("v", "#reason"), ("h", "li")):
            await block.focus()
            await page.keyboard.press(key)
            await expect(dialog.locator(ready).first).to_be_visible()
            await check(page)
            await page.keyboard.press("Escape")
        await at(page, "17:30").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.type("ota")
        await expect(page.get_by_role("option").first).to_be_visible()
        await check(page)


@pytest.mark.parametrize(("lang", "theme"), LOOKS)
async def test_nothing_stands_in_the_way_of_an_admin(
    browser: Browser, room: Room, stack: Stack, lang: str, theme: str
) -> None:
    async with administration(browser, room, stack, "dashboard", lang=lang, color_scheme=theme) as page:
        await with_axe(page)
        for part, ready in (
            ("dashboard", "svg"),
            ("notices", "select"),
            ("accounts", "form"),
            ("policies", "form"),
            ("catalogue", "table"),
            ("displays", "form"),
            ("audit", "input"),
        ):
            await page.locator(f"nav a[href='#{part}']").press("Enter")
            await expect(page.locator(f"main {ready}").first).to_be_visible()
            await check(page)
