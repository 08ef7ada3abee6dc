"""Times that somebody keeps or has for one child: given back at the sign-out, and told to be theirs for a sibling."""

import pytest
from playwright.async_api import Browser, expect

from tests.web.practice import PHONE, Practice, signed_in, slot
from tests.web.test_family import HEADING, WHOSE
from tests.web.test_family_holds import lose
from tests.web.test_family_interrupted import BOOKED, CONFIRM, children, choose, is_kept_for, statuses, week

pytestmark = pytest.mark.asyncio(loop_scope="module")
VISITOR = "Sign in to book"


async def test_who_signs_out_gives_back_what_all_tabs_keep(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, taro = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        other = await page.context.new_page()
        await other.goto(practice.edge.url + week(practice))
        for tab, time, name in ((page, "17:00", "Sato Mei"), (other, "17:30", "Sato Taro")):
            await choose(tab, practice, time, name)
            await is_kept_for(tab, name)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator(HEADING)).to_have_text(VISITOR)
        assert [await statuses(practice, each) for each in (mei, taro)] == [["expired"], ["expired"]]
        assert await page.evaluate("localStorage.getItem('yoyaku.patient.kept')") is None


async def test_who_signs_out_gives_back_a_time_whose_answer_was_lost_and_keeps_what_is_booked(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    mei, taro = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "17:00", "Sato Mei")
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(HEADING)).to_have_text(BOOKED)
        await page.goto(practice.edge.url + week(practice))
        await page.route("**/appointments:hold", lose)
        await choose(page, practice, "17:30", "Sato Taro")
        await expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
        await page.unroute("**/appointments:hold")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator(HEADING)).to_have_text(VISITOR)
        assert [await statuses(practice, each) for each in (mei, taro)] == [["scheduled"], ["expired"]]


async def test_who_goes_back_and_chooses_for_a_sibling_is_told_whose_the_time_is(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "13:00", "Sato Mei")
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(HEADING)).to_have_text(BOOKED)
        await page.go_back()
        await page.get_by_role("link", name="Sato Taro").click()
        await expect(page.get_by_role("alert")).to_have_text("This time is already booked for Sato Mei.")
        await expect(page.locator(".near a").first).to_be_visible()
        await page.get_by_role("link", name="View").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")


async def test_a_time_that_another_tab_keeps_for_a_sibling_is_no_one_elses(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        other = await page.context.new_page()
        await other.goto(practice.edge.url + week(practice))
        await slot(other, practice.tomorrow, "17:30").click()
        await choose(page, practice, "17:30", "Sato Mei")
        await is_kept_for(page, "Sato Mei")
        await other.get_by_role("link", name="Sato Taro").click()
        await expect(other.get_by_role("alert")).to_have_text(
            "This time is being kept for Sato Mei, perhaps in another tab."
        )
