"""Times kept for a child while something goes wrong: nobody is booked twice, or loses a time to a sibling."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.practice import PHONE, Practice, signed_in, slot
from tests.web.test_family import HEADING, WHOSE
from tests.web.test_family_interrupted import BOOKED, CONFIRM, children, choose, is_kept_for, statuses, week

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONFIRMING = "**/*:confirm"


async def lose(route: Route) -> None:
    """The server does what it is asked, and its answer does not arrive."""
    await route.fetch()
    await route.abort()


async def stop(route: Route) -> None:
    await route.abort()


async def confirms_in_vain(page: Page) -> None:
    await page.get_by_role("button", name=CONFIRM).click()
    await expect(page.get_by_role("alert")).to_contain_text("nothing is done twice")


async def says_that_it_is_booked(page: Page, practice: Practice, time: str, patient_id: str) -> None:
    await expect(page.locator(HEADING)).to_have_text(BOOKED)
    await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
    await expect(page.locator(".facts")).to_contain_text(time)
    assert await statuses(practice, patient_id) == ["scheduled"]


async def test_without_a_network_a_time_is_not_lost_to_another_child(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, taro = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "10:00", "Sato Mei")
        await is_kept_for(page, "Sato Mei")
        await page.context.set_offline(True)
        await page.get_by_role("link", name="For somebody else").click()
        await expect(page.get_by_role("alert")).to_have_text(
            "No internet connection. Try again once you are connected: nothing is done twice."
        )
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Try again").click()
        await page.get_by_role("link", name="Sato Taro").click()
        await is_kept_for(page, "Sato Taro")
        await page.reload()
        await is_kept_for(page, "Sato Taro")
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(HEADING)).to_have_text(BOOKED)
    assert [await statuses(practice, each) for each in (mei, taro)] == [["expired"], ["scheduled"]]


async def test_a_time_that_is_kept_too_late_is_given_back(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, taro = await children(practice, email)
    left, arrived = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        arrived.set()
        await left.wait()
        await route.continue_()

    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await page.route("**/appointments:hold", slow)
        await choose(page, practice, "10:30", "Sato Mei")
        await arrived.wait()
        await page.go_back()
        await expect(page.locator(HEADING)).to_have_text("Who is this appointment for?")
        await page.get_by_role("link", name="Sato Taro").click()
        left.set()
        await is_kept_for(page, "Sato Taro")
        assert [await statuses(practice, each) for each in (mei, taro)] == [["expired"], ["held"]]


async def test_a_time_that_was_kept_without_an_answer_is_given_back(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, taro = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await page.route("**/appointments:hold", lose)
        await choose(page, practice, "14:00", "Sato Mei")
        await expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
        assert await statuses(practice, mei) == ["held"]
        await page.unroute("**/appointments:hold")
        await page.go_back()
        await page.get_by_role("link", name="Sato Taro").click()
        await is_kept_for(page, "Sato Taro")
        assert [await statuses(practice, each) for each in (mei, taro)] == [["expired"], ["held"]]


async def test_after_a_reload_the_page_says_that_it_is_booked(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, _ = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "09:00", "Sato Mei")
        await page.route(CONFIRMING, lose)
        await confirms_in_vain(page)
        await page.reload()
        await says_that_it_is_booked(page, practice, "09:00", mei)


async def test_the_same_button_gets_the_answer_that_was_lost(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, _ = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "09:30", "Sato Mei")
        await page.route(CONFIRMING, lose)
        await confirms_in_vain(page)
        await page.unroute(CONFIRMING)
        await page.get_by_role("button", name=CONFIRM).click()
        await says_that_it_is_booked(page, practice, "09:30", mei)


@pytest.mark.parametrize(("link", "time"), [("Choose another time", "15:00"), ("For somebody else", "15:30")])
async def test_before_anything_else_is_chosen_the_page_says_that_it_is_booked(
    browser: Browser, practice: Practice, link: str, time: str
) -> None:
    email = await practice.patient()
    mei, _ = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, time, "Sato Mei")
        await page.route(CONFIRMING, lose)
        await confirms_in_vain(page)
        await page.context.set_offline(True)
        await page.get_by_role("link", name=link).click()
        await expect(page.get_by_role("alert")).to_contain_text("No internet connection")
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Try again").click()
        await says_that_it_is_booked(page, practice, time, mei)


async def test_what_was_not_booked_is_given_back_before_another_time_is_chosen(
    browser: Browser, practice: Practice
) -> None:
    email = await practice.patient()
    mei, _ = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "11:00", "Sato Mei")
        await page.route(CONFIRMING, stop)
        await confirms_in_vain(page)
        await page.unroute(CONFIRMING)
        await page.get_by_role("link", name="Choose another time").click()
        await slot(page, practice.tomorrow, "11:30").click()
        await is_kept_for(page, "Sato Mei")
        assert await statuses(practice, mei) == ["expired", "held"]
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(HEADING)).to_have_text(BOOKED)
        assert await statuses(practice, mei) == ["expired", "scheduled"]


async def test_who_closed_two_tabs_gives_their_times_back_and_books(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    mei, _ = await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        tabs = [await page.context.new_page() for _ in range(2)]
        for tab, time in zip(tabs, ("13:00", "13:30"), strict=True):
            await tab.goto(practice.edge.url + week(practice))
            await choose(tab, practice, time, "Sato Mei")
            await is_kept_for(tab, "Sato Mei")
        await tabs[0].close()
        await choose(page, practice, "16:00", "Sato Mei")
        await expect(page.get_by_role("alert")).to_contain_text("Other times are kept for this person already")
        await page.get_by_role("button", name="Give those times back").click()
        await is_kept_for(page, "Sato Mei")
        assert await statuses(practice, mei) == ["expired", "expired", "held"]
        # The tab that is still open says so, and has a way on too.
        await tabs[1].get_by_role("button", name=CONFIRM).click()
        await expect(tabs[1].get_by_role("alert")).to_contain_text("We could not keep this time any longer")
        await asyncio.sleep(1.5)  # the time that is left is told every second
        await expect(tabs[1].locator(".kept")).to_contain_text("We could not keep this time any longer")
        await tabs[1].get_by_role("button", name="Keep it again").click()
        await tabs[1].get_by_role("button", name=CONFIRM).click()
        await expect(tabs[1].locator(HEADING)).to_have_text(BOOKED)
        assert await statuses(practice, mei) == ["expired", "expired", "held", "scheduled"]


async def test_who_goes_back_from_what_is_booked_meets_no_refusal(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    await children(practice, email)
    async with signed_in(browser, practice, email, week(practice), **PHONE) as page:
        await choose(page, practice, "16:30", "Sato Mei")
        await page.get_by_role("button", name=CONFIRM).click()
        await expect(page.locator(HEADING)).to_have_text(BOOKED)
        await page.go_back()
        await expect(page.locator(HEADING)).to_have_text("Who is this appointment for?")
        await page.get_by_role("link", name="Sato Mei").click()
        await expect(page.locator(HEADING)).to_have_text("Appointment")
        await expect(page.locator(".facts")).to_contain_text("16:30")
