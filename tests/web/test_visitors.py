"""The patients' page for people who have not signed in: they choose first, and sign in on the way to their time."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from server.usecases.directory.contacts import code_hash
from tests.fixtures.browser import opened
from tests.web.desks import typed
from tests.web.practice import DESKTOP, PASSWORD, PHONE, TELEPHONE, Practice, sign_in, slot

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEADING = "h1"
CODE = "314159"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def practice(practice: Practice) -> AsyncIterator[Practice]:
    """One that is open to everybody, while these tests run."""
    opening = "UPDATE clinics SET public_browsing = %s WHERE id = %s"
    await practice.book.run(opening, True, practice.clinic_id)
    yield practice
    await practice.book.run(opening, False, practice.clinic_id)


@pytest.mark.parametrize(("screen", "time_slot"), [(PHONE, "16:00"), (DESKTOP, "10:00")], ids=["phone", "desktop"])
async def test_a_visitor_chooses_a_time_and_has_it_after_signing_in(
    browser: Browser, practice: Practice, screen: dict[str, Any], time_slot: str
) -> None:
    email, day = await practice.patient(), practice.tomorrow
    address = f"{practice.edge.url}/?lang=en"
    async with opened(browser, address, timezone_id=practice.zone, **screen) as page:
        await expect(page.locator(HEADING)).to_have_text("Book an appointment")
        await expect(page.locator("#phones")).to_contain_text(TELEPHONE)
        await expect(page.locator(".firsts a")).to_have_count(4)
        await page.get_by_role("link", name="Choose a time with Mori Hana").click()
        await page.get_by_label("Check-up").check()
        await page.get_by_label("Is there anything the doctor should know?").fill("Since Monday")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.locator(".state")).to_have_attribute("data-state", "live")
        await slot(page, day, time_slot).click()
        await expect(page.locator(HEADING)).to_have_text("Sign in to book this time")
        await expect(page.locator(".chosen")).to_contain_text(time_slot)
        assert await practice.booked(email) == []
        await sign_in(page, email)
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await expect(page.locator(".facts")).to_contain_text("Since Monday")
        await page.get_by_role("button", name="Confirm this appointment").click()
        await expect(page.locator(HEADING)).to_have_text("Your appointment is booked")
    assert [status for status, _ in await practice.booked(email)] == ["scheduled"]


@pytest.mark.parametrize(("screen", "time_slot"), [(PHONE, "14:00"), (DESKTOP, "15:00")], ids=["phone", "desktop"])
async def test_a_visitor_registers_on_the_way_to_a_time(
    browser: Browser, practice: Practice, screen: dict[str, Any], time_slot: str
) -> None:
    day, email = practice.tomorrow, f"{time_slot[:2]}@example.org"
    address = f"{practice.edge.url}/?lang=en#/times?doctor={practice.doctor_id}"
    async with opened(browser, address, timezone_id=practice.zone, **screen) as page:
        await slot(page, day, time_slot).click()
        await page.get_by_role("link", name="Register").click()
        await expect(page.locator(HEADING)).to_have_text("What is your name?")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_contain_text("Enter your name")
        await page.get_by_label("Name").fill("Itō <b>Yui</b>")
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_label("Date of birth").fill("1990-02-28")
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_label("Email address").fill(email)
        await page.get_by_role("button", name="Continue").click()
        await page.locator("#password").fill(PASSWORD)
        await page.get_by_role("button", name="Continue").click()
        await expect(page.locator("#name-error")).to_contain_text("in letters")
        await page.get_by_label("Name").fill("Itō Yui")
        for question in ("Name", "Date of birth", "Email address"):
            await expect(page.get_by_label(question)).not_to_have_value("")  # nothing is to be entered again
            await page.get_by_role("button", name="Continue").click()
        await page.locator("#password").fill("password1234")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_contain_text("easy to guess")
        await page.locator("#password").fill(PASSWORD)
        await page.get_by_role("button", name="Continue").click()
        await expect(page.locator(HEADING)).to_have_text("Enter the code that we sent you")
        await expect(page.locator(".hint")).to_contain_text(email)
        await page.locator("#code").fill("000000")
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.get_by_role("alert")).to_contain_text("The code is wrong")
        await mail_arrives(practice, email)
        await page.locator("#code").fill(typed(CODE))
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await expect(page.locator(".facts")).to_contain_text("Itō Yui")
        await page.get_by_role("button", name="Confirm this appointment").click()
        await expect(page.locator(HEADING)).to_have_text("Your appointment is booked")
    booked = "SELECT status FROM appointments JOIN patients p ON p.id = patient_id WHERE p.email = %s"
    assert await practice.book.rows(booked, email) == [("scheduled",)]


async def mail_arrives(practice: Practice, email: str) -> None:
    """As when the mail with the code is sent."""
    ((registration_id,),) = await practice.book.rows("SELECT id FROM registrations WHERE email = %s", email)
    sent = "UPDATE registrations SET code_hash = %s WHERE email = %s"
    await practice.book.run(sent, code_hash(str(registration_id), CODE), email)


async def test_what_is_a_persons_own_asks_a_visitor_to_sign_in(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    async with opened(browser, f"{practice.edge.url}/?lang=en", timezone_id=practice.zone) as page:
        await page.get_by_role("link", name="Sign in").click()
        await expect(page.locator(HEADING)).to_have_text("Sign in to book")
        await sign_in(page, email)
        await expect(page.locator(HEADING)).to_have_text("My appointments")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator(HEADING)).to_have_text("Book an appointment")


async def test_a_view_that_is_left_before_it_is_drawn_changes_no_address(browser: Browser, practice: Practice) -> None:
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    async with opened(browser, f"{practice.edge.url}/?lang=en", timezone_id=practice.zone) as page:
        await page.route("**/api/clinics?*", late)
        await page.reload()
        await page.get_by_role("link", name="Sign in").click()
        answered.set()
        await expect(page.locator(HEADING)).to_have_text("Sign in to book")
        await expect(page).to_have_url(re.compile("#/appointments$"))
