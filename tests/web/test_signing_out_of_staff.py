"""Staff and admins who sign out, or whose session has ended: nothing is shown, asked or done for them any more."""

import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, desk, session
from tests.web.leaving import KEPT, Held, kept, sign_out

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_pages_of_staff_that_the_browser_kept_begin_anew(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "policies") as admins, desk(browser, room) as desks:
        for page, name in ((admins, "admin"), (desks, "desk")):
            await page.evaluate(f"localStorage.removeItem('yoyaku.{name}.session')")
            await page.evaluate(KEPT)
            await expect(page.locator("#password")).to_be_visible()
            await expect(page.locator("nav, .day")).to_have_count(0)


async def test_a_desk_that_is_locked_asks_nothing_more(browser: Browser, room: Room) -> None:
    calls = Held(401)
    await booked(room, "Abe Jun", "13:30")
    async with desk(browser, room) as page:
        await at(page, "Abe Jun").click()
        await page.route("**/events*", calls)
        await page.keyboard.press("h")
        await calls.arrived.wait()
        await page.keyboard.press("l")
        await page.locator("#email").fill("next@hospital.example")
        await calls.let_go(page)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator("#email")).to_have_value("next@hospital.example")


async def test_what_a_desk_loads_while_it_is_locked_asks_nothing(browser: Browser, room: Room) -> None:
    acts = Held()
    state = session(room.edge.url, room.token, "STAFF", [room.clinic_id])
    async with opened(browser, "about:blank", storage_state=state) as page:
        await page.route("**/desk/acts/all.js", acts)
        await page.goto(f"{room.edge.url}/desk/?lang=en")
        await acts.arrived.wait()
        await page.get_by_role("button", name="My account").click()
        await page.get_by_role("button", name="Lock").click()
        await page.locator("#email").fill("next@hospital.example")
        await acts.let_go(page)
        await page.evaluate("import('/desk/acts/all.js')")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_administration_that_is_left_asks_nothing_more(browser: Browser, room: Room, stack: Stack) -> None:
    calls = Held(401)
    async with administration(browser, room, stack, "policies") as page:
        await page.route("**/api/**", calls)
        await page.get_by_role("link", name="Doctors").click()
        await calls.arrived.wait()
        await sign_out(page)
        await page.locator("#email").fill("next@hospital.example")
        await calls.let_go(page)
        await page.evaluate("location.hash = '#displays'")
        await calls.let_go(page)
        await expect(page.locator("#email")).to_have_value("next@hospital.example")
        assert await page.title() == "Sign in to the administration"


async def test_an_administration_whose_session_has_ended_shows_nothing_any_more(
    browser: Browser, room: Room, stack: Stack
) -> None:
    async with administration(browser, room, stack, "catalogue") as page:
        calls = Held(401)
        await page.route("**/api/**", calls)
        await calls.let_go(page)
        await page.get_by_role("link", name="Doctors").click()
        await expect(page.get_by_role("status")).to_have_text("You were signed out. Sign in again.")
        assert await kept(page, "admin") is None
