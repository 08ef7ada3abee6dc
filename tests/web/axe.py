"""axe-core in a page: what it finds wrong, in light and in dark."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
NEEDS_AXE = pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core: run `make node`")
CHECK = """async ([part, ...rules]) =>
    (await axe.run(part, rules.length ? { runOnly: rules } : {})).violations
        .flatMap(({ id, nodes }) => nodes.map((each) => `${id}: ${each.html}`))"""


async def check_themes(page: Page, part: str = "html") -> None:
    """axe-core finds nothing wrong with a part of the page, whatever the theme; animations are over."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert await page.evaluate(CHECK, [part]) == []
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert await page.evaluate(CHECK, [part, "color-contrast"]) == []


async def check_code(page: Page) -> None:
    """The question for the code of the selected patient's new address."""
    dialog = page.get_by_role("dialog").last
    await page.keyboard.press("F2")
    await dialog.locator("button").first.press("Enter")
    await expect(dialog.locator("#code")).to_be_visible()
    await dialog.locator("button.primary").press("Enter")
    await expect(dialog.locator("#code-error")).to_be_visible()
    await check_themes(page, "dialog:last-of-type")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
