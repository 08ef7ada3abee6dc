"""The patients' page in a real browser: a person finds a time, books, moves and cancels by following the screen."""

import re
import time
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fixtures.browser import opened
from tests.web.figures import is_small
from tests.web.practice import DESKTOP, PHONE, TELEPHONE, Practice, sign_in, signed_in, slot, times

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEADING = "h1"
STRANGE = [
    "<img src=x onerror=alert(1)>&amp;",
    "👩🏽‍⚕️ Zoë 👨‍👩‍👧‍👦",
    "Wolfeschlegelstein" * 11,
    "محمد بن عبد الله",
]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def choose_visit(page: Page, kind: str = "Something else") -> None:
    await page.get_by_label(kind).check()
    await page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize(
    ("screen", "first", "second"), [(PHONE, "16:00", "14:30"), (DESKTOP, "10:00", "11:00")], ids=["phone", "desktop"]
)
async def test_a_person_books_moves_and_cancels_by_following_the_screen(
    browser: Browser, practice: Practice, screen: dict[str, Any], first: str, second: str
) -> None:
    email, day = await practice.patient(), practice.tomorrow
    async with signed_in(browser, practice, email, "/?lang=en", **screen) as page:
        await expect(page.locator(".firsts a")).to_have_count(4)
        await page.get_by_label("Clinic").select_option(practice.clinic_id)
        await expect(page.locator("#phones")).to_contain_text(TELEPHONE)
        await page.get_by_label("Doctor’s name").fill("mori")
        await page.get_by_role("link", name="Choose a time with Mori Hana").click()
        await page.get_by_role("link", name="Back").click()
        await expect(page.get_by_label("Doctor’s name")).to_have_value("mori")  # nothing is to be entered again
        await page.get_by_role("link", name="Choose a time with Mori Hana").click()
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_contain_text("Choose what your visit is for")
        await page.get_by_label("Is there anything the doctor should know?").fill("Since <b>Monday</b>")
        await choose_visit(page, "Check-up")
        await slot(page, day, first).click()
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await expect(page.locator(".kept")).to_have_text(re.compile(r"for [45]:\d\d minutes"))
        await expect(page.locator(".facts")).to_contain_text("Since <b>Monday</b>")
        await expect(page.locator(".whose")).to_have_count(0)  # said only to who acts for others too
        await page.get_by_role("button", name="Confirm this appointment").click()
        await expect(page.locator(HEADING)).to_have_text("Your appointment is booked")
        assert [status for status, _ in await practice.booked(email)] == ["scheduled"]

        async with page.expect_download() as saved:
            await page.get_by_role("button", name="Add to calendar").click()
        calendar = (await (await saved.value).path()).read_bytes()
        assert calendar.count(b"BEGIN:VEVENT") == 1
        assert max(map(len, calendar.split(b"\r\n"))) <= 75

        await page.get_by_role("navigation").get_by_role("link", name="My appointments").click()
        await page.get_by_role("link", name="View or change").click()
        await page.get_by_role("link", name="Move to another time").click()
        await expect(page.locator("main")).to_contain_text("stays at")
        await slot(page, day, second).click()
        await page.get_by_role("button", name="Yes, move it").click()
        await expect(page.get_by_text("The appointment is moved.")).to_be_visible()
        await expect(page.locator(".facts")).to_contain_text(second)

        await page.get_by_role("link", name="Cancel this appointment").click()
        await expect(page.locator("main")).to_contain_text("Somebody else can then book this time")
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.get_by_text("The appointment is cancelled.")).to_be_visible()
        await expect(page.locator(".history")).to_contain_text("Moved")
        assert await practice.booked(email) == []
        assert await page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize(("screen", "time_slot"), [(PHONE, "11:30"), (DESKTOP, "13:00")], ids=["phone", "desktop"])
async def test_a_series_shows_its_dates_and_is_cancelled_from_one_of_them_on(
    browser: Browser, practice: Practice, screen: dict[str, Any], time_slot: str
) -> None:
    email = await practice.patient()
    first = await practice.series(email, time_slot, count=4)
    async with signed_in(browser, practice, email, practice.address("appointment", id=first), **screen) as page:
        dates = page.locator(".series > li")
        await expect(dates).to_have_count(4)
        await expect(page.locator("h2").first).to_have_text("One of a series of 4 appointments")
        await expect(page.locator(".series > [aria-current]")).to_contain_text("This one")
        await dates.nth(1).get_by_role("link", name="View or change").click()
        await expect(dates.nth(1)).to_contain_text("This one")
        await page.get_by_role("link", name="Cancel this appointment").click()
        await page.get_by_label("This one and the 2 that follow").check()
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.get_by_text("This appointment and those that followed are cancelled.")).to_be_visible()
        await expect(page.locator(".series .cancelled")).to_have_count(3)
        assert await page.evaluate(OVERFLOW) <= 0
        await page.get_by_role("link", name="My appointments").click()
        await expect(page.locator("main")).to_contain_text("Part of a series")
    assert [status for status, _ in await practice.booked(email)] == ["scheduled"]


async def test_where_no_clinic_is_open_to_everybody_the_clinic_invites(browser: Browser, practice: Practice) -> None:
    async with opened(browser, f"{practice.edge.url}/?lang=en", timezone_id=practice.zone) as page:
        await expect(page.locator(HEADING)).to_have_text("Sign in to book")
        await expect(page.locator("main")).to_contain_text("Call or visit your clinic")
        await expect(page.get_by_role("link", name="Register")).to_have_count(0)


async def test_the_keyboard_is_enough(browser: Browser, practice: Practice) -> None:
    email, day = await practice.patient(), practice.tomorrow
    address = practice.address("visit", doctor=practice.doctor_id, date=day)
    async with opened(browser, practice.edge.url + address, **DESKTOP, timezone_id=practice.zone) as page:
        await sign_in(page, email)
        await expect(page.locator(HEADING)).to_be_focused()  # what is read out first
        await page.locator("#skip").focus()
        await press(page, "Enter")
        await expect(page.locator("main")).to_be_focused()
        await expect(page.locator(HEADING)).to_have_text("What is your visit for?")
        await press(page, "Tab", "Space", "ArrowDown", "Tab", "Tab", "Enter")
        await expect(times(page, day)).not_to_have_count(0)
        await times(page, day).first.focus()
        await press(page, "ArrowDown", "ArrowRight", "ArrowLeft")
        await expect(page.locator(":focus")).to_have_text("09:30")
        await press(page, "Enter")
        await expect(page.locator(HEADING)).to_be_focused()
        await expect(page.locator(HEADING)).to_have_text("Check and confirm")
        await page.get_by_role("button", name="Confirm this appointment").focus()
        await press(page, "Enter")
        await expect(page.locator(HEADING)).to_have_text("Your appointment is booked")
    assert len(await practice.booked(email)) == 1


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_what_somebody_takes_is_grey_for_others_within_a_second(browser: Browser, practice: Practice) -> None:
    day = practice.tomorrow
    address = practice.address("times", doctor=practice.doctor_id, date=day)
    mine, theirs = await practice.patient("Ito Yui"), await practice.patient()
    async with (
        signed_in(browser, practice, mine, address) as first,
        signed_in(browser, practice, theirs, address) as second,
    ):
        seconds = []
        for time_slot in ("17:00", "17:30"):
            await expect(slot(second, day, time_slot)).to_be_enabled()
            await slot(first, day, time_slot).click()
            begin = time.perf_counter()
            await expect(slot(second, day, time_slot)).to_have_attribute("aria-disabled", "true")
            seconds.append(time.perf_counter() - begin)
            await expect(second.get_by_text(f"{time_slot} on")).to_be_attached()
            await first.get_by_role("link", name="Choose another time").click()
            await expect(slot(second, day, time_slot)).not_to_have_attribute("aria-disabled", "true")  # given back
        assert min(seconds) < 1
    assert await practice.booked(mine) == []


@pytest.mark.parametrize("name", STRANGE, ids=["markup", "emoji", "198 characters", "right to left"])
async def test_a_name_of_any_kind_is_shown_as_it_is(browser: Browser, practice: Practice, name: str) -> None:
    async with signed_in(browser, practice, await practice.patient(name), "/?lang=en#/profile", **PHONE) as page:
        await expect(page.locator(".facts bdi").first).to_have_text(name)
        assert await page.evaluate(OVERFLOW) <= 0


async def test_a_device_in_another_zone_is_told_whose_times_they_are(browser: Browser, practice: Practice) -> None:
    address = practice.address("times", doctor=practice.doctor_id, date=practice.tomorrow)
    elsewhere = "Pacific/Kiritimati" if practice.zone != "Etc/GMT-14" else "Asia/Tokyo"
    async with signed_in(browser, practice, await practice.patient(), address, timezone_id=elsewhere) as page:
        await expect(page.get_by_text("All times are those of the clinic")).to_be_visible()
        await expect(page.locator(".time").first).to_have_text("09:00")
        await times(page, practice.tomorrow).nth(3).click()
        await expect(page.locator(".facts")).to_contain_text("on your device’s clock")


async def test_the_page_is_small_and_appears_at_once(
    browser: Browser, practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(browser, f"{practice.edge.url}/?lang=en") as page:
        await expect(page.locator("#password")).to_be_visible()
        assert await is_small(page, "", capsys)
