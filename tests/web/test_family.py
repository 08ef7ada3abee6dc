"""The patients' page for who acts for others, in a real browser: whose everything is stands on top of it."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fixtures.waiting import until
from tests.web.practice import DESKTOP, PHONE, Practice, signed_in, slot

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEADING = "h1"
WHOSE = ".whose"
NOW = datetime.now(UTC).year
YOUNG, TEENAGER = f"{NOW - 8}-01-02", f"{NOW - 17}-01-02"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def go(page: Page, name: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name=name).click()


async def test_a_parent_books_moves_and_cancels_for_a_child_whose_name_is_always_on_top(
    browser: Browser, practice: Practice
) -> None:
    email, day = await practice.patient(), practice.tomorrow
    child = await practice.child(email, "Sato Mei", YOUNG)
    await practice.child(email, "Sato Taro", YOUNG)
    address = practice.address("times", doctor=practice.doctor_id, date=day)
    async with signed_in(browser, practice, email, address, **PHONE) as page:
        await slot(page, day, "09:00").click()
        await expect(page.locator(HEADING)).to_have_text("Who is this appointment for?")
        assert await page.locator(".person strong").all_inner_texts() == ["Me", "Sato Mei", "Sato Taro"]
        await page.get_by_role("link", name="Me", exact=True).click()
        await expect(page.locator(WHOSE)).to_have_text("Me")
        await page.get_by_role("link", name="For somebody else").click()
        await page.get_by_role("link", name="Sato Mei").click()
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
        await expect(page.locator(".facts")).to_contain_text("ForSato Mei")
        await page.get_by_role("link", name="Choose another time").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
        await slot(page, day, "09:30").click()
        await page.get_by_role("button", name="Confirm this appointment").click()
        await expect(page.locator(HEADING)).to_have_text("Your appointment is booked")
        await expect(page.locator("main")).to_contain_text("in the details of Sato Mei")

        await go(page, "My appointments")
        await expect(page.locator(HEADING)).to_have_text("Appointments of Sato Mei")
        await page.get_by_role("button", name="Sato Taro").click()
        await expect(page.locator(HEADING)).to_have_text("Appointments of Sato Taro")
        await expect(page.locator("main")).to_contain_text("There is no appointment.")
        await page.get_by_role("button", name="Sato Mei").click()
        await page.get_by_role("link", name="View").first.click()
        await page.get_by_role("link", name="Move to another time").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
        await slot(page, day, "10:00").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
        await page.get_by_role("button", name="Yes, move it").click()
        await page.get_by_role("link", name="Cancel this appointment").click()
        await expect(page.locator(WHOSE)).to_contain_text("Sato Mei")
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.get_by_text("The appointment is cancelled.")).to_be_visible()
        await expect(page.locator(".history")).to_contain_text("by a parent")
        assert await page.evaluate(OVERFLOW) <= 0
        await go(page, "My appointments")
        await page.get_by_role("button", name="Me", exact=True).click()
        await expect(page.locator(HEADING)).to_have_text("My appointments")
        await expect(page.locator("main")).to_contain_text("There is no appointment.")
    booked = "SELECT FROM appointments WHERE patient_id IN (%s, %s) AND status = 'scheduled'"
    assert await practice.book.rows(booked, child, practice.patients[email]) == []


async def test_who_is_signed_in_is_asked_for_whom_soon_after_staff_added_a_child(
    browser: Browser, practice: Practice
) -> None:
    email, day = await practice.patient(), practice.tomorrow
    address = practice.address("times", doctor=practice.doctor_id, date=day)
    async with signed_in(browser, practice, email, address, **PHONE) as page:
        await slot(page, day, "16:00").click()
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await page.get_by_role("link", name="Choose another time").click()
        await practice.later()
        await practice.child(email, "Sato Nana", YOUNG)

        async def is_asked() -> bool:
            await slot(page, day, "16:30").click()
            await expect(page.locator(HEADING)).to_have_text(re.compile("^(Check|Who)"))
            if await page.locator(HEADING).inner_text() == "Who is this appointment for?":
                return True
            await page.get_by_role("link", name="Choose another time").click()
            return False

        await until(is_asked)
        assert await page.locator(".person strong").all_inner_texts() == ["Me", "Sato Nana"]
        await go(page, "My appointments")
        await expect(page.locator(".chooser button")).to_have_text(["Me", "Sato Nana"])


async def test_details_and_records_are_those_of_who_is_chosen(browser: Browser, practice: Practice) -> None:
    email = await practice.patient()
    young = await practice.child(email, "Ito Yui", YOUNG)
    await practice.child(email, "Ito Ren", TEENAGER)
    async with signed_in(browser, practice, email, "/?lang=en#/profile", **DESKTOP) as page:
        await page.get_by_role("button", name="Ito Yui").click()
        await expect(page.locator(HEADING)).to_have_text("Details of Ito Yui")
        await expect(page.locator(".changeable")).to_contain_text(f"2 January {NOW - 8}")
        await expect(page.get_by_role("link", name="Change: Password")).to_have_count(0)
        await page.get_by_role("link", name="Change: Language").click()
        await expect(page.locator(WHOSE)).to_contain_text("Ito Yui")
        await page.get_by_label("Language").select_option("ja")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(HEADING)).to_have_text("Details of Ito Yui")  # the page speaks as before
        await go(page, "My records")
        await expect(page.locator(HEADING)).to_have_text("Records of Ito Yui")
        await expect(page.locator("main")).to_contain_text("There is nothing in the records yet.")
        await expect(page.locator(".access").first).to_contain_text("You changed the details")
        await page.get_by_role("button", name="Ito Ren").click()
        await expect(page.locator("main")).to_contain_text("records are shown to the patient alone")
    assert await practice.book.rows("SELECT language FROM patients WHERE id = %s", young) == [("ja",)]


async def test_who_acts_for_somebody_and_whom_both_see_it_and_can_end_it(browser: Browser, practice: Practice) -> None:
    carer, cared_for = await practice.patient("Mori Aoi"), await practice.patient("Hara Sen")
    async with signed_in(browser, practice, carer, "/?lang=en#/profile") as page:
        await expect(page.locator("main")).to_contain_text("Ask at the clinic")
        await expect(page.locator(".chooser")).to_have_count(0)
        child = await practice.child(carer, "Mori Rin", YOUNG)
        await practice.represent(carer, practice.patients[cared_for], "CARER", f"{NOW + 2}-12-31")
        await go(page, "My records")
        await go(page, "My details")  # shows whom staff added a moment ago
        await expect(page.locator(".chooser button")).to_have_text(["Me", "Mori Rin", "Hara Sen"])
        await page.get_by_role("link", name="Stop acting for Mori Rin").click()
        await expect(page.locator(HEADING)).to_have_text("Stop acting for Mori Rin?")
        await page.get_by_role("button", name="Yes, stop").click()
        await expect(page.get_by_text("It is ended.")).to_be_visible()
        await expect(page.locator(".chooser button")).to_have_text(["Me", "Hara Sen"])
        async with signed_in(browser, practice, cared_for, "/?lang=en#/profile") as other:
            mine = other.locator(".rows li", has_text="Mori Aoi")
            await expect(mine).to_contain_text(f"31 December {NOW + 2}")
            await mine.get_by_role("link", name="End it for Mori Aoi").click()
            await other.get_by_role("button", name="Yes, end it").click()
            await expect(other.get_by_text("It is ended.")).to_be_visible()
        await go(page, "My records")
        await go(page, "My details")
        await expect(page.locator(".chooser")).to_have_count(0)
    ended = "SELECT count(*) FROM representatives WHERE patient_id IN (%s, %s) AND ended_at IS NOT NULL"
    assert await practice.book.rows(ended, child, practice.patients[cared_for]) == [(2,)]


async def test_who_acts_no_longer_is_told_so_in_place_of_what_is_shown(browser: Browser, practice: Practice) -> None:
    email, day = await practice.patient(), practice.tomorrow
    child, other = [await practice.child(email, name, YOUNG) for name in ("Abe Nao", "Abe Saki")]
    address = practice.address("times", doctor=practice.doctor_id, date=day)
    async with signed_in(browser, practice, email, address, **PHONE) as page:
        await slot(page, day, "11:00").click()
        await page.get_by_role("link", name="Abe Nao").click()
        await expect(page.locator(".facts")).to_contain_text("ForAbe Nao")
        await practice.no_longer(email, child)
        await page.get_by_role("button", name="Confirm this appointment").click()
        await expect(page.locator(HEADING)).to_have_text("You no longer act for Abe Nao")
        await expect(page.locator(HEADING)).to_be_focused()
        await expect(page.locator("main")).to_contain_text("You can no longer see or change anything of theirs.")
        await expect(page.locator(".facts")).to_have_count(0)
        await page.get_by_role("link", name="My appointments").last.click()
        await expect(page.locator(HEADING)).to_have_text("My appointments")
        await page.get_by_role("button", name="Abe Saki").click()
        await expect(page.locator(HEADING)).to_have_text("Appointments of Abe Saki")
        await practice.no_longer(email, other)
        await go(page, "Book")
        await expect(page.locator(HEADING)).to_have_text("You no longer act for Abe Saki")
        await go(page, "Book")
        await expect(page.locator(HEADING)).to_have_text("Book an appointment")
    booked = "SELECT FROM appointments WHERE patient_id IN (%s, %s) AND status = 'scheduled'"
    assert await practice.book.rows(booked, child, practice.patients[email]) == []


async def test_a_choice_of_a_person_goes_along_and_what_was_done_does_not(browser: Browser, practice: Practice) -> None:
    email, long = await practice.patient(), "Maximiliana " + "W" * 60
    child = await practice.child(email, long, YOUNG)
    narrow = {"viewport": {"width": 320, "height": 640}}
    visit = practice.address("visit", doctor=practice.doctor_id, **{"for": child})
    async with signed_in(browser, practice, email, visit, **narrow) as page:
        await expect(page.locator(WHOSE)).to_contain_text(long)
        await page.locator(".choice").first.click()
        await page.get_by_role("button", name="Continue").click()
        await expect(page.locator(HEADING)).to_have_text("Choose a time")
        await expect(page.locator(WHOSE)).to_contain_text(long)
        await go(page, "My details")
        await page.get_by_role("button", name=long).click()
        await expect(page.get_by_role("link", name=f"Stop acting for {long}")).to_be_visible()
        assert await page.evaluate(OVERFLOW) <= 0
        await page.get_by_role("link", name="Change: Language").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
        await page.get_by_role("button", name="Me", exact=True).click()
        await expect(page.locator(HEADING)).to_have_text("My details")
        await expect(page.locator(".message.good")).to_have_count(0)
