"""What a tired clerk types is understood: full width, dashes of Japanese keyboards, dates as they stand on a card."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, column_of, desk, offered, told

pytestmark = pytest.mark.asyncio(loop_scope="module")
DATES = {
    "１９８４ー２−３": "1984-02-03",
    "1984/2/3": "1984-02-03",
    "1984年2月3日": "1984-02-03",
    "１９８４年": "1984",
    "19840203": "1984-02-03",
    "1984-02": "1984-02",
    "昭和59年2月3日": "1984-02-03",
    "S59.2.3": "1984-02-03",
    "令和元年5月1日": "2019-05-01",
    "ｈ７": "1995",
    "3 Feb": "3Feb",
    "": "",
}
PHONES = {
    "+81 3ー1234−5678": "+81312345678",
    "＋８１（３）１２３４‐５６７８": "+81312345678",
    "0049 30 123456": "+4930123456",
    "+81312345678;ext=12": "+81312345678;ext=12",
}
PHONES_IN_JAPAN = {
    "０９０ー１２３４ー５６７８": "+819012345678",
    "03-1234-5678": "+81312345678",
    "010 49 30 123456": "+4930123456",
    "+81 90 1234 5678": "+819012345678",
}
READ = """async ([name, typed, zone]) => {
    const read = (await import("/shared/typed.js"))[name];
    return Object.fromEntries(typed.map((each) => [each, read(each, zone)]));
}"""


async def test_dates_and_numbers_are_read_as_they_are_meant(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as page:
        for name, zone, meant in (
            ("dateOf", "", DATES),
            ("phoneOf", "Europe/Berlin", PHONES),
            ("phoneOf", "Asia/Tokyo", PHONES_IN_JAPAN),
        ):
            assert await page.evaluate(READ, [name, list(meant), zone]) == meant


async def test_a_patient_is_found_and_registered_with_what_a_japanese_keyboard_gives(
    browser: Browser, room: Room
) -> None:
    async with desk(browser, room) as page:
        dialog = page.get_by_role("dialog")
        await page.keyboard.press("/")
        await page.locator(":focus").fill("ローラ　１９８４ー０２ー０３")
        await expect(offered(page)).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(dialog.locator("#name")).to_have_value("ローラ")
        await expect(dialog.locator("#birth_date")).to_have_value("1984-02-03")
        await dialog.locator("#birth_date").fill("昭和５９年２月４日")
        await dialog.locator("#phone").fill("＋８１ー３ー１２３４−５６７８")
        await dialog.locator("#email").fill("rola＠example.org")
        await page.keyboard.press("Enter")
        await expect(page.locator(".carrying")).to_contain_text("ローラ")
        facts = page.locator(".to-book dd")
        await expect(facts.first).to_have_text("4 February 1984")
        await expect(facts).to_contain_text(["+81312345678", "rola@example.org"])
        await page.keyboard.press("Escape")
        for typed in ("ローラ 1984年2月4日", "５６７８ー"):
            await page.keyboard.press("/")
            await page.locator(":focus").fill(typed)
            await expect(offered(page).first).to_contain_text("ローラ")
            await page.keyboard.press("Escape")
            await page.keyboard.press("Escape")


async def test_hours_holidays_and_kinds_are_entered_on_a_japanese_keyboard(
    browser: Browser, room: Room, stack: Stack
) -> None:
    first = str(date.fromisoformat(room.today) + timedelta(days=30))
    async with administration(browser, room, stack, "doctors") as page:
        dialog = page.get_by_role("dialog")
        await page.get_by_role("button", name="Working hours: Mori Hana").first.press("Enter")
        await dialog.get_by_label("From this day on").fill(first)
        await dialog.get_by_label("Working hours").fill(
            "月曜　９：００〜１２：００　３０\nＴｕｅ ０９：００ー１２：００ ３０"
        )
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_have_text("Saved.")
    async with administration(browser, room, stack, "policies") as page:
        await page.locator("#holidays").fill("２０３０ー０１ー０１、2030年1月2日")
        await page.locator("form", has=page.locator("#holidays")).get_by_role("button").press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_have_text("Saved.")
    clinic = (await room.get(f"/api/clinics/{room.clinic_id}"))["clinic"]
    assert clinic["holidays"] == ["2030-01-01", "2030-01-02"]


async def test_who_goes_back_from_time_off_finds_what_was_entered_and_chosen(browser: Browser, room: Room) -> None:
    await booked(room, "Oda Ema", "14:00")
    await booked(room, "Oda Gen", "15:00")
    async with desk(browser, room) as page:
        dialog = page.get_by_role("dialog")
        await at(page, "13:00", await column_of(page, room, room.doctor_ids[0])).focus()
        await page.keyboard.press("f")
        await dialog.get_by_label("Reason").fill("Dentist")
        await dialog.locator("#end").fill(f"{room.today}T15:00")
        await dialog.locator("button.primary").press("Enter")
        await expect(dialog.locator("tr")).to_have_count(1)
        await dialog.locator("select").last.select_option("Cancel")
        await dialog.get_by_role("button", name="Back").press("Enter")
        await expect(dialog.get_by_label("Reason")).to_have_value("Dentist")
        await expect(dialog.locator("#begin")).to_have_value(f"{room.today}T13:00")
        await dialog.locator("#end").fill(f"{room.today}T16:00")
        await dialog.locator("button.primary").press("Enter")
        await expect(dialog.locator("tr select")).to_have_count(2)
        chosen = await dialog.locator("tr select").evaluate_all("all => all.map((each) => each.value)")
        assert chosen == ["CANCEL", "KEEP"]
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
