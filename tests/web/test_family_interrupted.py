"""A parent with several tabs, and who comes after: nobody is shown in place of another."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.practice import PHONE, Practice, sign_in, signed_in, slot
from tests.web.test_family import HEADING, WHOSE, YOUNG, go

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIRM = "Confirm this appointment"
BOOKED = "Your appointment is booked"


async def children(practice: Practice, email: str) -> list[str]:
    return [await practice.child(email, name, YOUNG) for name in ("Sato Mei", "Sato Taro")]


def week(practice: Practice) -> str:
    return practice.address("times", doctor=practice.doctor_id, date=practice.tomorrow)


async def choose(page: Page, practice: Practice, time_slot: str, name: str) -> None:
    await slot(page, practice.tomorrow, time_slot).click()
    await page.get_by_role("link", name=name).click()


async def is_kept_for(page: Page, name: str) -> None:
    await expect(page.locator(HEADING)).to_have_text("Check and confirm")
    await expect(page.locator(".facts")).to_contain_text(f"For{name}")


async def statuses(practice: Practice, patient_id: str) -> list[str]:
    found = await practice.book.rows("SELECT status FROM appointments WHERE patient_id = %s", patient_id)
    return sorted(str(status) for (status,) in found)


async def test_two_tabs_book_for_two_children_and_each_stays_with_its_own(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    ids = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        other = await page.context.new_page()
        await other.goto(practice.edge.url + week(practice))
        await choose(page, practice, "09:00", "Sato Mei")
        await is_kept_for(page, "Sato Mei")
        await choose(other, practice, "09:30", "Sato Taro")
        await is_kept_for(other, "Sato Taro")
        for tab, name in ((page, "Sato Mei"), (other, "Sato Taro")):
            await tab.get_by_role("button", name=CONFIRM).click()
            await expect(tab.locator(HEADING)).to_have_text(BOOKED)
            await expect(tab.locator(WHOSE)).to_contain_text(name)
        for tab, name in ((page, "Sato Mei"), (other, "Sato Taro")):
            await go(tab, "My details")
            await expect(tab.locator(HEADING)).to_have_text(f"Details of {name}")
    assert [await statuses(practice, each) for each in ids] == [["scheduled"], ["scheduled"]]


async def test_an_appointment_that_arrives_late_does_not_change_who_is_chosen(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    await children(practice, email)
    left = asyncio.Event()

    async def slow(route: Route) -> None:
        await left.wait()
        await route.continue_()

    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "11:30", "Sato Mei")
        await page.get_by_role("button", name=CONFIRM).click()
        await go(page, "My appointments")
        await expect(page.locator(HEADING)).to_have_text("Appointments of Sato Mei")
        of_one = re.compile(r"/api/appointments/[0-9a-f-]+$")
        await page.route(of_one, slow)
        await page.get_by_role("link", name="View").first.click()
        await go(page, "My appointments")
        await page.get_by_role("button", name="Sato Taro").click()
        await expect(page.locator(HEADING)).to_have_text("Appointments of Sato Taro")
        async with page.expect_response(of_one):
            left.set()
        await go(page, "My details")
        await expect(page.locator(HEADING)).to_have_text("Details of Sato Taro")


async def test_what_was_written_for_one_child_is_not_sent_for_another(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    await children(practice, email)
    visit = practice.address("visit", doctor=practice.doctor_id, date=practice.tomorrow)
    async with signed_in(browser, practice, email, visit, **PHONE) as page:
        await page.locator(".choice").last.click()
        await page.locator("#reason").fill("Mei has a rash")
        await page.get_by_role("button", name="Continue").click()
        await choose(page, practice, "14:30", "Sato Mei")
        await is_kept_for(page, "Sato Mei")
        await expect(page.locator(".facts")).to_contain_text("rash")
        await page.get_by_role("link", name="For somebody else").click()
        await page.get_by_role("link", name="Sato Taro").click()
        await is_kept_for(page, "Sato Taro")
        await expect(page.locator(".facts")).not_to_contain_text("rash")
        await expect(page.locator("main")).to_contain_text("What you wrote for the doctor was about Sato Mei.")
        await page.get_by_role("link", name="Write something else").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Taro")
        await expect(page.locator("#reason")).to_have_value("")
        await page.locator(".choice").last.click()
        await page.locator("#reason").fill("Taro coughs")
        await page.get_by_role("button", name="Continue").click()
        await is_kept_for(page, "Sato Taro")
        await expect(page.locator(".facts")).to_contain_text("Taro coughs")
        await page.reload()
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(".facts")).to_contain_text("Taro coughs")


async def test_what_is_left_as_it_was_is_still_about_the_same_child(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    await children(practice, email)
    visit = practice.address("visit", doctor=practice.doctor_id, date=practice.tomorrow)
    async with signed_in(browser, practice, email, visit, **PHONE) as page:
        for name, sent in (("Sato Mei", True), ("Sato Taro", False), ("Sato Mei", True)):
            await page.goto(practice.edge.url + visit)
            await page.locator(".choice").last.click()
            if await page.locator("#reason").input_value() == "":
                await page.locator("#reason").fill("Mei has a rash")
            await page.get_by_role("button", name="Continue").click()
            await choose(page, practice, "15:00", name)
            await is_kept_for(page, name)
            assert ("rash" in await page.locator(".facts").inner_text()) is sent


async def test_who_comes_next_sees_nothing_of_whom_another_tab_showed(browser: Browser, practice: Practice) -> None:
    email, next_email = await practice.patient(), await practice.patient("Ito Yui")
    await children(practice, email)
    visit = practice.address("visit", doctor=practice.doctor_id)
    async with signed_in(browser, practice, email, visit, **PHONE) as page:
        await page.locator(".choice").last.click()
        await page.locator("#reason").fill("Mei has a rash")
        await page.get_by_role("button", name="Continue").click()
        await choose(page, practice, "13:00", "Sato Mei")
        await is_kept_for(page, "Sato Mei")
        other = await page.context.new_page()
        await other.goto(f"{practice.edge.url}/?lang=en#/appointments")
        await other.get_by_role("button", name="Sign out").click()
        await expect(other.locator(HEADING)).to_have_text("Sign in to book")
        await expect(page.locator("body")).not_to_contain_text("Mei")
        await other.goto(f"{practice.edge.url}/?lang=en#/profile")
        await sign_in(other, next_email)
        await expect(other.locator("main")).to_contain_text("Ito Yui")
        await page.goto(practice.edge.url + visit)
        await expect(page.locator("#reason")).to_have_value("")


async def test_who_signs_in_after_somebody_elses_session_has_ended_finds_nothing_entered(
    browser: Browser, practice: Practice
) -> None:
    email, next_email = await practice.patient(), await practice.patient("Ito Yui")
    visit = practice.address("visit", doctor=practice.doctor_id)
    async with signed_in(browser, practice, email, visit, **PHONE) as page:
        await page.locator(".choice").last.click()
        await page.locator("#reason").fill("a secret")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.locator(HEADING)).to_have_text("Choose a time")
        await page.evaluate("localStorage.removeItem('yoyaku.patient.session')")
        await page.goto("about:blank")
        await page.goto(f"{practice.edge.url}/?lang=en#/profile")
        await sign_in(page, next_email)
        await expect(page.locator(HEADING)).to_have_text("Book an appointment")
        await page.goto(practice.edge.url + visit)
        await expect(page.locator("#reason")).to_have_value("")
