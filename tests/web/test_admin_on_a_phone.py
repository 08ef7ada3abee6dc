"""The administration on a phone, whose screen is narrower than a table and shorter than the list of parts."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.edge.clinic import Stack
from tests.fixtures.waiting import until
from tests.web.conftest import Room
from tests.web.desks import administration, dead_letter

pytestmark = pytest.mark.asyncio(loop_scope="module")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
PARTS = ("notices", "accounts", "doctors", "policies", "catalogue", "displays", "audit", "dashboard")


async def is_on_top(page: Page) -> bool:
    """Whether the part begins where the screen does."""
    return bool(await page.evaluate("Math.abs(document.getElementById('part').getBoundingClientRect().top) < 1"))


async def edge_of(page: Page, table: Locator) -> bytes:
    """A picture of a few points at the right edge of a table, above its text."""
    box = await table.bounding_box()
    assert box
    return await page.screenshot(clip={"x": box["x"] + box["width"] - 3, "y": box["y"] + 1, "width": 3, "height": 3})


@pytest.mark.parametrize("lang", ["en", "ja"])
async def test_a_part_that_is_chosen_is_in_sight_before_its_content_and_after_it(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    async with administration(browser, room, stack, "dashboard", lang=lang, **PHONE) as page:
        arrives = asyncio.Event()

        async def late(route: Route) -> None:
            await arrives.wait()
            await route.continue_()

        await page.route("**/api/**", late)
        for part in PARTS:
            arrives.clear()
            await page.locator(f"nav a[href='#{part}']").click()
            await until(lambda: is_on_top(page))
            arrives.set()
            await expect(page.locator("main h1")).to_be_in_viewport()
            assert await is_on_top(page)
            assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
        await page.unroute_all(behavior="wait")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_wide_table_says_that_there_is_more_and_keeps_its_first_column_in_sight(
    browser: Browser, room: Room, stack: Stack, scheme: str
) -> None:
    await dead_letter(room, stack)
    async with administration(browser, room, stack, "notices", color_scheme=scheme, **PHONE) as page:
        table, name = page.locator("main .scrolling"), page.locator("main tbody th").first
        before, at_first = await name.bounding_box(), await edge_of(page, table)
        await table.evaluate("all => all.scrollTo(all.scrollWidth, 0)")
        assert await table.evaluate("all => all.scrollLeft") > 0
        assert await name.bounding_box() == before
        assert await edge_of(page, table) != at_first


async def test_a_box_to_tick_keeps_its_shape_beside_a_long_label(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "accounts", **PHONE) as page:
        box = await page.locator("#account-own").bounding_box()
        assert box
        assert (box["width"], box["height"]) == (20, 20)
