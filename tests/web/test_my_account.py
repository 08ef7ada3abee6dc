"""One's own account on the pages of staff: a second factor is set up, asked for and turned off."""

import base64
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from server.usecases.identity.second_factor.codes import code_at
from server.wiring import wired
from tests.edge.clinic import Stack
from tests.fixtures.book import Book, Clock
from tests.fixtures.browser import opened
from tests.web.axe import AXE
from tests.web.conftest import Room
from tests.web.desks import session, typed
from tests.web.practice import HASH, PASSWORD
from tests.web.test_accessibility import check

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def with_password(room: Room, stack: Stack, role: str) -> tuple[str, str]:
    """Somebody of the clinic who can sign in; the account's id and email."""
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="tests")
    book = Book(engine, Clock(datetime.now(UTC)))
    account_id = await book.account(role, clinic_ids=[room.clinic_id])
    await book.run("UPDATE accounts SET password_hash = %s WHERE id = %s", HASH, account_id)
    [(email,)] = await book.rows("SELECT email FROM accounts WHERE id = %s", account_id)
    await engine.dispose()
    return account_id, str(email)


async def without_needed_factor(room: Room, stack: Stack) -> dict[str, Any]:
    """What a browser keeps of staff who must set up a second factor before anything else."""
    settings = load(Settings, {**stack.environment, "YOYAKU_SECOND_FACTOR_ROLES": "staff"})
    account_id, _ = await with_password(room, stack, "staff")
    async with wired(settings) as parts:
        token = await parts.tokens.issue(account_id)
    return session(room.edge.url, token or "", "STAFF", [room.clinic_id])


async def enter_password(page: Page, email: str) -> None:
    await page.get_by_label("Email address").fill(email)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")


async def day_is_open(page: Page, room: Room) -> None:
    """Wait until the desk shows the day, and has moved the focus to it."""
    await expect(page.locator(".day section")).to_have_count(len(room.doctor_ids))
    await expect(page.locator(":focus")).to_have_class(re.compile("block"))


async def set_up(page: Page) -> list[str]:
    """Set a second factor up with the keyboard; the recovery codes."""
    await page.get_by_role("button", name="Set up").press("Enter")
    asked = page.get_by_role("dialog", name="Second factor")
    await asked.get_by_label("Password").fill("not the password")
    await asked.get_by_role("button", name="Set up").press("Enter")
    await expect(asked.get_by_role("alert")).to_contain_text("The password is not right")
    await asked.get_by_label("Password").fill(PASSWORD)
    await asked.get_by_role("button", name="Set up").press("Enter")
    await expect(page.get_by_role("img", name="QR code of the key")).to_be_visible()
    secret = base64.b32decode(await page.get_by_role("textbox", name="Key").input_value())
    await page.get_by_label("Code", exact=True).fill("12345")
    await page.get_by_role("button", name="Confirm").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Enter the six digits")
    await page.get_by_label("Code", exact=True).fill(typed(code_at(secret, int(time.time()) // 30)))
    await page.get_by_role("button", name="Confirm").press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    return await page.locator(".codes li").all_inner_texts()


async def test_the_desk_asks_for_a_code_once_a_second_factor_is_set_up(
    browser: Browser, room: Room, stack: Stack
) -> None:
    _, email = await with_password(room, stack, "staff")
    async with opened(browser, f"{room.edge.url}/desk/?lang=en") as page:
        await enter_password(page, email)
        await day_is_open(page, room)
        await page.get_by_role("button", name="My account").press("Enter")
        codes = await set_up(page)
        if AXE.exists():
            await page.evaluate(AXE.read_text())
            await check(page)
        await page.get_by_role("dialog", name="Recovery codes").get_by_role("button", name="Close").press("Enter")
        await expect(page.get_by_role("dialog", name="My account")).to_contain_text("Recovery codes left: 10")
        await page.evaluate("localStorage.clear()")
        await page.reload()
        await enter_password(page, email)
        await expect(page.get_by_label("Code", exact=True)).to_be_focused()
        await page.get_by_label("Code", exact=True).fill("no such code")
        await page.get_by_role("button", name="Sign in").press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("was used before")
        await page.get_by_label("Code", exact=True).fill(typed(codes[0].upper()))
        await page.get_by_role("button", name="Sign in").press("Enter")
        await day_is_open(page, room)
        await page.get_by_role("button", name="My account").press("Enter")
        await page.get_by_role("button", name="Turn off").press("Enter")
        await page.get_by_role("dialog").last.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("dialog").last.get_by_label("Code", exact=True).fill(typed(codes[1]))
        await page.get_by_role("dialog").last.get_by_role("button", name="Turn off").press("Enter")
        await expect(page.get_by_role("dialog", name="My account")).to_contain_text("Your password alone")


async def test_somebody_ends_a_session_from_another_browser(browser: Browser, room: Room, stack: Stack) -> None:
    _, email = await with_password(room, stack, "staff")
    async with (
        opened(browser, f"{room.edge.url}/desk/?lang=en") as lost,
        opened(browser, f"{room.edge.url}/desk/?lang=en") as own,
    ):
        for page in (lost, own):
            await enter_password(page, email)
            await day_is_open(page, room)
        await own.get_by_role("button", name="My account").press("Enter")
        await expect(own.locator(".sessions li")).to_have_count(2)
        await expect(own.locator(".sessions li").first).to_contain_text("Chrome · Linux")
        await expect(own.locator(".sessions li").filter(has_text="This device")).to_have_count(1)
        await own.locator(".sessions").get_by_role("button").press("Enter")
        await expect(own.locator(".sessions li")).to_have_count(1)
        await expect(lost.locator("#password")).to_be_visible(timeout=30_000)
        await expect(lost.get_by_role("status")).to_contain_text("You were signed out")


async def test_who_needs_a_second_factor_sets_it_up_before_the_desk_opens(
    browser: Browser, room: Room, stack: Stack
) -> None:
    state = await without_needed_factor(room, stack)
    async with opened(browser, f"{room.edge.url}/desk/?lang=en", storage_state=state) as page:
        await expect(page.get_by_role("status")).to_contain_text("needs a second factor")
        await set_up(page)
        await page.get_by_role("dialog", name="Recovery codes").get_by_role("button", name="Close").press("Enter")
        await expect(page.locator(".day section")).to_have_count(len(room.doctor_ids))


async def test_an_admin_sets_it_up_too(browser: Browser, room: Room, stack: Stack) -> None:
    _, email = await with_password(room, stack, "admin")
    async with opened(browser, f"{room.edge.url}/admin/?lang=en") as page:
        await enter_password(page, email)
        await page.get_by_role("button", name="My account").press("Enter")
        await set_up(page)
