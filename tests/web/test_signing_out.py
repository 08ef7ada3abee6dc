"""Who signs out is asked nothing more, and nothing is shown or done for them: on every page on which one signs out."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import APIResponse, Browser, Page, Route, expect

from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.fixtures.browser import chromium, opened
from tests.fixtures.waiting import until
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, desk, session
from tests.web.practice import PASSWORD, PHONE, Practice, opened_practice, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
APPOINTMENTS = re.compile(r"/api/appointments\?")
ACCOUNT = "/api/auth/me"
HOME = re.compile(r"/(\?lang=..)?$")
SIGNED_OUT = "You are signed out"
# What a browser says that shows a page again as it was. Those of today keep no page with `no-store`, as these are.
KEPT = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
REFUSED = {
    "code": 16,
    "message": "",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SESSION_ENDED"}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def practice(stack: Stack, edge: Edge) -> AsyncIterator[Practice]:
    async with opened_practice(stack, edge) as practice:
        yield practice


class Held:
    """Requests that have no answer until they are let go."""

    def __init__(self, status: int = 0) -> None:
        self._status = status
        self._free = asyncio.Event()
        self.arrived = asyncio.Event()
        self.answers: list[APIResponse] = []
        self._asked = self._answered = 0

    async def __call__(self, route: Route) -> None:
        """Refuse with a status, or pass on what the server answers."""
        self._asked += 1
        if not self._status:
            self.answers.append(answer := await route.fetch())
        self.arrived.set()
        await self._free.wait()
        if self._status:
            await route.fulfill(status=self._status, json=REFUSED)
        else:
            await route.fulfill(response=answer)
        self._answered += 1

    async def let_go(self, page: Page) -> None:
        """Let all go, and wait until the page has taken the answers in."""
        self._free.set()

        async def all_answered() -> bool:
            return self._answered == self._asked

        await until(all_answered)
        await page.evaluate("fetch('/shared/api.js').then((answer) => answer.text())")


async def stays(page: Page) -> None:
    """Let no other page come: what the old one still does is seen."""
    await page.route(HOME, lambda route: route.fulfill(status=204))


async def sign_out(page: Page, name: str = "Sign out") -> None:
    await page.get_by_role("button", name=name).click(no_wait_after=True)


async def kept(page: Page, name: str = "patient") -> object:
    return await page.evaluate(f"localStorage.getItem('yoyaku.{name}.session')")


async def test_a_call_that_ends_after_the_sign_out_asks_nobody_to_sign_in_again(
    browser: Browser, practice: Practice
) -> None:
    email, calls = await practice.patient(), Held(401)
    async with signed_in(browser, practice, email, practice.address("profile"), **PHONE) as page:
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await page.route(APPOINTMENTS, calls)
        await page.get_by_role("link", name="My appointments").click()
        await calls.arrived.wait()
        await stays(page)
        await sign_out(page)
        await expect(page.locator("h1")).to_have_text(SIGNED_OUT)
        await calls.let_go(page)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator("#email")).to_have_count(0)
        assert "Ken" not in await page.content()
        assert await kept(page) is None


async def test_a_call_of_another_tab_asks_nobody_to_sign_in_again(browser: Browser, practice: Practice) -> None:
    email, calls = await practice.patient(), Held(401)
    async with signed_in(browser, practice, email, practice.address("profile"), **PHONE) as page:
        other = await page.context.new_page()
        await other.route(APPOINTMENTS, calls)
        await other.goto(f"{practice.edge.url}/?lang=en#/appointments")
        await calls.arrived.wait()
        await stays(other)
        await sign_out(page)
        await expect(other.locator("h1")).to_have_text(SIGNED_OUT)
        await calls.let_go(other)
        await expect(other.get_by_role("dialog")).to_have_count(0)
        await expect(other.locator("#email")).to_have_count(0)


async def test_a_token_that_is_renewed_during_the_sign_out_signs_nobody_in(
    browser: Browser, practice: Practice
) -> None:
    email, calls = await practice.patient(), Held()
    async with signed_in(browser, practice, email, practice.address("profile"), **PHONE) as page:
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await page.evaluate("""() => {
            const key = "yoyaku.patient.session", tokens = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({...tokens, endsAt: 0}));
        }""")
        await page.route("**/api/auth/refresh", calls)
        await page.get_by_role("link", name="My appointments").click()
        await calls.arrived.wait()
        await stays(page)
        await sign_out(page)
        await expect(page.locator("h1")).to_have_text(SIGNED_OUT)
        await calls.let_go(page)
        assert await kept(page) is None
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_password_that_is_changed_during_the_sign_out_signs_nobody_in(
    browser: Browser, practice: Practice
) -> None:
    email, calls = await practice.patient(), Held()
    ended: list[str] = []
    async with signed_in(browser, practice, email, practice.address("change", what="password"), **PHONE) as page:
        await page.route("**/api/auth/password:change", calls)
        for field, value in zip(
            await page.locator("input[type=password]").all(), (PASSWORD, PASSWORD[::-1]), strict=False
        ):
            await field.fill(value)
        await page.locator("main form button.primary").click()
        await calls.arrived.wait()
        page.on("request", lambda each: ended.append(each.post_data or "") if "logout" in each.url else None)
        await stays(page)
        await sign_out(page)
        await expect(page.locator("h1")).to_have_text(SIGNED_OUT)
        await calls.let_go(page)
        assert await kept(page) is None
        answer = await calls.answers[0].json()
        assert any(json.loads(body)["refresh_token"] == answer["refresh_token"] for body in ended)


@pytest.mark.parametrize(
    ("lang", "button", "title"), [("en", "Sign out", SIGNED_OUT), ("ja", "ログアウト", "ログアウトしました")]
)
async def test_without_a_network_one_signs_out_and_the_page_begins_anew_later(
    browser: Browser, practice: Practice, lang: str, button: str, title: str
) -> None:
    email = await practice.patient()
    address = practice.address("profile").replace("lang=en", f"lang={lang}")
    async with signed_in(browser, practice, email, address, **PHONE) as page:
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await page.context.set_offline(True)
        await sign_out(page, button)
        await expect(page.locator("h1")).to_have_text(title)
        assert await kept(page) is None
        assert "Ken" not in await page.content() + await page.title()
        await page.context.set_offline(False)
        await expect(page).to_have_url(f"{practice.edge.url}/?lang={lang}")
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await expect(page.locator("h1")).not_to_have_text(title)


async def test_going_back_to_a_page_shows_nothing_of_who_has_signed_out_meanwhile(practice: Practice) -> None:
    email = await practice.patient()
    async with (
        chromium("--disable-back-forward-cache") as browser,
        signed_in(browser, practice, email, practice.address("profile"), **PHONE) as page,
    ):
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await page.goto(f"{practice.edge.url}/developers/")
        other = await page.context.new_page()
        await other.goto(f"{practice.edge.url}/?lang=en#/profile")
        await sign_out(other)
        await expect(other.get_by_role("link", name="Sign in")).to_be_visible()
        await page.go_back()
        await expect(page.locator("#email")).to_have_value("")
        assert "Ken" not in await page.content() + await page.title()


async def test_a_page_that_the_browser_kept_begins_anew_for_somebody_else_only(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    async with signed_in(browser, practice, email, practice.address("profile"), **PHONE) as page:
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await stays(page)
        await page.evaluate(KEPT)
        await expect(page.locator("main")).to_contain_text("Sato Ken")
        await page.evaluate("localStorage.removeItem('yoyaku.patient.session')")
        await page.evaluate(KEPT)
        await expect(page.locator("h1")).to_have_text(SIGNED_OUT)
        assert "Ken" not in await page.content() + await page.title()


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
