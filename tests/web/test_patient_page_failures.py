"""What goes wrong while a person books ends in a clear sentence, loses nothing that was entered, and books once."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.edge.clinic import Stack
from tests.web.practice import PHONE, Practice, sign_in, signed_in, times

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIRM = "Confirm this appointment"
BOOKED = "Your appointment is booked"
TOKENS = "localStorage.getItem('yoyaku.patient.session')"
SPOIL = """() => {
    const key = "yoyaku.patient.session", tokens = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({...tokens, access: tokens.access.slice(0, -8) + "AAAAAAAA"}));
}"""


@asynccontextmanager
async def about_to_confirm(browser: Browser, practice: Practice, email: str) -> AsyncIterator[Page]:
    """The page on which only the last button is left, with a slot that nobody else has."""
    address = practice.address("times", doctor=practice.doctor_id, date=practice.tomorrow)
    async with signed_in(browser, practice, email, address, **PHONE) as page:
        await times(page).last.click()
        await expect(page.locator(".kept")).to_be_visible()
        yield page


async def confirm(page: Page) -> None:
    await page.get_by_role("button", name=CONFIRM).click()


async def is_booked_once(page: Page, practice: Practice, email: str) -> None:
    await expect(page.locator("h1")).to_have_text(BOOKED)
    assert [status for status, _ in await practice.booked(email)] == ["scheduled"]


async def test_a_token_that_is_refused_is_renewed_unseen(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    async with about_to_confirm(browser, practice, email) as page:
        before = json.loads(await page.evaluate(TOKENS))
        await page.evaluate(SPOIL)
        await confirm(page)
        await is_booked_once(page, practice, email)
        after = json.loads(await page.evaluate(TOKENS))
        assert before["refresh"] != after["refresh"]


async def test_a_lost_answer_to_a_renewal_signs_nobody_out(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    lost: list[str] = []

    async def lose(route: Route) -> None:
        await route.fetch()
        lost.append(route.request.url)  # no answer comes, as on a phone that has changed its network

    async with about_to_confirm(browser, practice, email) as page:
        await page.route("**/api/auth/refresh", lose, times=1)
        await page.evaluate(SPOIL)
        await confirm(page)
        await is_booked_once(page, practice, email)
    assert len(lost) == 1


async def test_who_is_signed_out_signs_in_over_the_page_and_goes_on(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    async with about_to_confirm(browser, practice, email) as page:
        tokens = json.loads(await page.evaluate(TOKENS))
        async with httpx.AsyncClient(base_url=practice.edge.url) as http:
            (await http.post("/api/auth/logout", json={"refresh_token": tokens["refresh"]})).raise_for_status()
        await page.evaluate(SPOIL)
        await confirm(page)
        await expect(page.get_by_role("dialog")).to_contain_text("Nothing that you entered is lost")
        await expect(page.locator("#email")).to_have_value(email)
        await sign_in(page, email)
        await is_booked_once(page, practice, email)


async def test_another_person_who_signs_in_over_the_page_sees_nothing_of_it(
    browser: Browser, practice: Practice
) -> None:
    email, other = await practice.patient(), await practice.patient("Ito Yui")
    async with about_to_confirm(browser, practice, email) as page:
        await page.evaluate("localStorage.removeItem('yoyaku.patient.session')")
        await confirm(page)
        await sign_in(page, other)
        await expect(page.locator("h1")).to_have_text("Book an appointment")
    assert await practice.booked(other) == []


@pytest.mark.parametrize(
    ("status", "reason", "sentence"),
    [(429, "RATE_LIMITED", "Wait a few seconds"), (503, "DATABASE_UNAVAILABLE", "Try again in a minute")],
)
async def test_a_refusal_says_what_to_do_and_the_same_button_books(
    browser: Browser, practice: Practice, status: int, reason: str, sentence: str
) -> None:
    email = await practice.patient()
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "yoyaku"}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=status, json={"code": 8, "message": "no", "details": [info]})

    async with about_to_confirm(browser, practice, email) as page:
        await page.route("**/*:confirm", refuse)
        await confirm(page)
        await expect(page.get_by_role("alert")).to_contain_text(sentence)
        await page.unroute("**/*:confirm")
        await confirm(page)
        await is_booked_once(page, practice, email)


async def test_an_answer_that_is_lost_books_once(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    async with about_to_confirm(browser, practice, email) as page:
        lost: list[int] = []

        async def lose(route: Route) -> None:
            if not lost:
                lost.append((await route.fetch()).status)
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/*:confirm", lose)
        await confirm(page)
        await is_booked_once(page, practice, email)
        assert lost == [200]


async def test_without_a_network_the_page_says_so_and_goes_on_once_it_is_back(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    address = practice.address("times", doctor=practice.doctor_id, date=practice.tomorrow)
    async with signed_in(browser, practice, email, address) as page:
        state = page.locator(".state")
        await expect(state).to_have_attribute("data-state", "live")
        await page.context.set_offline(True)
        await expect(state).to_contain_text("No connection")
        await page.context.set_offline(False)
        await expect(state).to_have_attribute("data-state", "live")
        await times(page).last.click()
        await expect(page.locator(".kept")).to_be_visible()
        await page.context.set_offline(True)
        await confirm(page)
        await expect(page.get_by_role("alert")).to_contain_text("No internet connection")
        await page.context.set_offline(False)
        await confirm(page)
        await is_booked_once(page, practice, email)


async def test_a_worker_that_dies_while_it_books_is_told_and_the_same_button_books(
    browser: Browser, practice: Practice, stack: Stack
) -> None:
    email = await practice.patient()
    async with about_to_confirm(browser, practice, email) as page:
        stack.process.popen.send_signal(signal.SIGKILL)
        stack.process.popen.wait()
        await confirm(page)
        await expect(page.get_by_role("alert")).to_contain_text("ry again")
        again = stack.launch("worker again", stack.port)
        try:
            await confirm(page)
            await is_booked_once(page, practice, email)
        finally:
            again.stop(seconds=20)
