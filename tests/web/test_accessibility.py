"""axe-core finds nothing wrong with the patients' page, in either language and either theme, however narrow it is."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.axe import AXE, CHECK, NEEDS_AXE
from tests.web.practice import DESKTOP, Practice, sign_in, times

pytestmark = pytest.mark.asyncio(loop_scope="module")
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
NARROW = {"viewport": {"width": 320, "height": 640}}
"""A small phone, or a wide screen at a zoom of 400 %."""


async def check(page: Page) -> None:
    assert await page.evaluate(CHECK, ["html"]) == []
    assert await page.evaluate(OVERFLOW) <= 0


@NEEDS_AXE
@pytest.mark.parametrize(
    ("lang", "theme", "screen"),
    [("en", "light", NARROW), ("ja", "dark", NARROW), ("ja", "light", DESKTOP), ("en", "dark", DESKTOP)],
    ids=["en-light-narrow", "ja-dark-narrow", "ja-light-desktop", "en-dark-desktop"],
)
async def test_nothing_stands_in_the_way(
    browser: Browser, practice: Practice, lang: str, theme: str, screen: dict[str, Any]
) -> None:
    email = await practice.patient()
    how: dict[str, Any] = {"color_scheme": theme, "reduced_motion": "reduce", "timezone_id": practice.zone}
    context = await browser.new_context(**screen, **how)
    await context.add_init_script(AXE.read_text())
    page = await context.new_page()
    await page.goto(f"{practice.edge.url}/?lang={lang}")
    await page.locator("button.primary").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check(page)
    await page.goto(f"{practice.edge.url}/?lang={lang}#/register")
    await page.locator("form:has(#name) button.primary").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check(page)
    await page.goto(f"{practice.edge.url}/?lang={lang}")
    await sign_in(page, email)
    await expect(page.locator(".firsts")).to_be_visible()
    await check(page)
    await page.goto(
        f"{practice.edge.url}{practice.address('visit', doctor=practice.doctor_id)}".replace("=en", f"={lang}")
    )
    await page.locator("button.primary").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check(page)
    await page.locator(".choice input").last.check()
    await page.locator("button.primary").click()
    await page.locator("summary").click()
    await expect(page.locator(".state")).to_have_attribute("data-state", "live")
    await check(page)
    await times(page, practice.tomorrow).last.click()
    await expect(page.locator(".kept")).to_be_visible()
    await check(page)
    await page.locator("button.primary").click()
    await expect(page.locator("h1.done")).to_be_visible()
    await check(page)
    first = await practice.series(email, ("09:00", "09:30", "10:00", "10:30")[len(practice.patients) - 1], count=2)
    for view, there in (
        ("appointments", ".rows"),
        (f"appointment?id={first}", ".series"),
        (f"cancel?id={first}", ".choice"),
        ("records", "h2"),
        ("change?what=phone", "form"),
    ):
        await page.goto(f"{practice.edge.url}/?lang={lang}#/{view}")
        await expect(page.locator(there).first).to_be_visible()
        await check(page)
    await check_family(page, f"{practice.edge.url}/?lang={lang}", practice, email)
    await context.close()


async def check_family(page: Page, url: str, practice: Practice, email: str) -> None:
    """The views of who acts for a child."""
    await practice.child(email, "Sato Mei", f"{datetime.now(UTC).year - 8}-01-02")
    await page.goto("about:blank")
    await page.goto(f"{url}#/profile")
    await expect(page.locator(".chooser")).to_be_visible()
    await check(page)
    await page.goto(f"{url}#/confirm?doctor={practice.doctor_id}&start={practice.tomorrow}T00:00:00Z")
    await expect(page.locator(".people")).to_be_visible()
    await check(page)
    await page.goto(f"{url}#/appointments")
    await page.locator(".chooser button").last.click()
    await expect(page.locator(".chooser [aria-pressed=true]")).to_have_text("Sato Mei")
    await check(page)
    await page.goto(f"{url}#/profile")
    await page.locator("a[href^='#/stop']").click()
    await expect(page.locator("button.danger")).to_be_visible()
    await check(page)
