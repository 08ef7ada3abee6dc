"""Who signs out is asked nothing more, and nothing is shown or done for them: on the page for patients."""

import json
import re

import pytest
from playwright.async_api import Browser, expect

from tests.fixtures.browser import chromium
from tests.web.leaving import KEPT, Held, kept, sign_out, stays
from tests.web.practice import PASSWORD, PHONE, Practice, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
APPOINTMENTS = re.compile(r"/api/appointments\?")
SIGNED_OUT = "You are signed out"


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
