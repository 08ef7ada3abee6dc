"""The desk in a real browser, on a real worker behind Envoy."""

import time

import pytest
from playwright.async_api import Browser, expect

from tests.web.conftest import Room
from tests.web.desks import at, booked, column_of, desk, offered, patient, told

pytestmark = pytest.mark.asyncio(loop_scope="module")
MARKUP = "<img src=x onerror=document.title='run'> & \N{SNEEZING FACE}"


async def test_a_visit_from_the_first_call_to_its_end_without_a_mouse(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as page:
        keys = page.keyboard
        await keys.press("/")
        await keys.type("Keiko Nowhere 1984-02-03")
        await expect(offered(page)).to_have_count(1)
        await keys.press("Enter")
        await expect(page.locator("dialog #name")).to_have_value("Keiko Nowhere")
        await expect(page.locator("dialog #birth_date")).to_have_value("1984-02-03")
        await keys.press("Enter")
        await expect(page.locator(".carrying")).to_contain_text("Booking for Keiko Nowhere")
        await at(page, "16:30", await column_of(page, room, room.doctor_ids[0])).focus()
        await keys.press("End")
        await keys.press("Enter")
        await expect(page.locator("dialog .chosen")).to_contain_text("Keiko Nowhere, born 1984-02-03")
        await expect(page.locator("#booking-reason")).to_be_focused()
        await keys.type(MARKUP)
        await keys.press("Enter")
        await expect(told(page)).to_contain_text("Keiko Nowhere is booked at 17:30")
        await expect(page.locator(":focus")).to_contain_text("Keiko Nowhere")
        await expect(page.locator(".selected")).to_contain_text(MARKUP)
        for key, said, state in (
            ("c", "Keiko Nowhere is checked in. Ticket", "Waiting"),
            ("z", "Undone.", "Expected"),
            ("c", "Keiko Nowhere is checked in. Ticket", "Waiting"),
        ):
            await keys.press(key)
            await expect(told(page)).to_contain_text(said)
            await expect(page.locator(":focus .state")).to_contain_text(state)
        await expect(page.locator(".lane.mine")).to_contain_text("Keiko Nowhere")
        async with page.expect_popup() as popup:
            await keys.press("p")
        assert "/ticket/?lang=en#label=" in (await popup.value).url
        await keys.press("n")
        await keys.type("Room 3")
        await keys.press("Enter")
        await expect(told(page)).to_contain_text("Keiko Nowhere is called to Room 3.")
        await keys.press("n")
        await expect(told(page)).to_contain_text("was called a moment ago")
        for key, said in (
            ("s", "is with the doctor."),
            ("e", "The visit of Keiko Nowhere is over."),
            ("c", "not possible"),
        ):
            await keys.press(key)
            await expect(told(page)).to_contain_text(said)
        assert await page.title() != "run"


async def test_moving_and_cancelling_without_a_mouse(browser: Browser, room: Room) -> None:
    await booked(room, "Kimura Jun", "13:00")
    async with desk(browser, room) as page:
        keys = page.keyboard
        await keys.press("/")
        await keys.type("kimura")
        await expect(offered(page).first).to_contain_text("13:00")
        await keys.press("Enter")
        await keys.press("m")
        await expect(page.locator(".carrying")).to_contain_text("Moving Kimura Jun")
        await keys.press("ArrowRight" if not await at(page, "Kimura", 1).count() else "ArrowLeft")
        await expect(page.locator(":focus")).to_contain_text("13:00")
        await keys.press("Enter")
        await expect(told(page)).to_contain_text("Kimura Jun is moved to 13:00")
        await expect(page.locator(":focus")).to_contain_text("Kimura Jun")
        await keys.press("z")
        await expect(told(page)).to_have_text("Undone.")
        await keys.press("Delete")
        await expect(page.get_by_role("dialog")).to_contain_text("Cancel the appointment of Kimura Jun")
        await keys.press("Escape")
        await expect(page.locator(":focus")).to_contain_text("Kimura Jun")
        await keys.press("Delete")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(told(page)).to_contain_text("The appointment of Kimura Jun at 13:00 is cancelled.")
        await expect(page.locator(":focus")).to_contain_text("13:00")


async def test_dragging_moves_and_can_be_taken_back(browser: Browser, room: Room) -> None:
    await booked(room, "Ogawa Rin", "14:30")
    # High enough that nothing scrolls between the press and the release.
    async with desk(browser, room, viewport={"width": 1440, "height": 1600}) as page:
        column = await column_of(page, room, room.doctor_ids[0])
        await at(page, "Ogawa", column).drag_to(at(page, "15:30", column))
        await expect(told(page)).to_contain_text("Ogawa Rin is moved to 15:30")
        await expect(page.locator(".carrying")).to_be_hidden()
        await page.keyboard.press("z")
        await expect(at(page, "Ogawa", column)).to_contain_text("14:30")


async def test_two_desks_see_each_other_within_a_second_and_the_focus_stays(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as one, desk(browser, room) as other:
        column = await column_of(other, room, room.doctor_ids[1])
        seconds = []
        for number, slot in enumerate(("15:00", "15:30", "16:00")):
            await at(other, slot, column).focus()
            await expect(other.locator(":focus")).to_contain_text("Free")
            begin = time.perf_counter()
            appointment = await booked(room, f"Hayashi {'ABC'[number]}", slot, column=1)
            await expect(other.locator(":focus")).to_contain_text(f"Hayashi {'ABC'[number]}")
            seconds.append(time.perf_counter() - begin)
        await expect(told(other)).to_have_text("16:00 was just taken at another desk or by a patient.")
        assert min(seconds) < 1
        await at(one, "Hayashi C", column).focus()
        await one.keyboard.press("c")
        await expect(other.locator(":focus")).to_contain_text("Waiting")
        await expect(other.locator(".lane")).to_contain_text(["Hayashi C"])
        await room.post(f"/api/appointments/{appointment['id']}:cancel", {})
        await expect(other.locator(":focus")).to_contain_text("16:00")
        await expect(other.locator(":focus")).to_contain_text("Free")


async def test_a_conflict_is_told_in_words(browser: Browser, room: Room) -> None:
    appointment = await booked(room, "Mita Ao", "12:00", column=1)
    await patient(room, "Nishi Aya")
    async with desk(browser, room) as page:
        await page.route("**/api/appointments?*", lambda route: route.abort())
        column = await column_of(page, room, room.doctor_ids[1])
        await room.post(f"/api/appointments/{appointment['id']}:checkIn", {})
        await at(page, "Mita", column).focus()
        await page.keyboard.press("c")
        await expect(told(page)).to_contain_text("Another desk changed this a moment ago.")
        await page.unroute("**/api/appointments?*")
        await at(page, "12:30", column).focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        await page.keyboard.type("nishi")
        await offered(page).first.click()
        await booked(room, "Ueda Mei", "12:30", column=1)
        await page.keyboard.press("Enter")
        await expect(dialog.locator(".error-summary")).to_contain_text("Somebody was faster: this time is taken.")
        await expect(dialog.get_by_role("group", name="Free times near by").get_by_role("button").first).to_be_visible()
        await dialog.get_by_label("Reason for an extra seat").fill("Fever, sent by the school")
        await dialog.get_by_role("button", name="Book").click()
        await expect(told(page)).to_contain_text("Nishi Aya is booked at 12:30")


async def test_any_name_is_shown_as_it_is_written(browser: Browser, room: Room) -> None:
    names = ["\u0645\u0631\u064a\u0645 \u0639\u0628\u062f \u0627\u0644\u0644\u0647", "W" * 200, "O'Neil & Sons"]
    for name, slot in zip(names, ("13:30", "14:00", "16:30"), strict=True):
        await booked(room, name, slot, column=1, reason=MARKUP)
    async with desk(browser, room) as page:
        column = await column_of(page, room, room.doctor_ids[1])
        for name in names:
            block = page.locator(".day section").nth(column).locator(".block").filter(has_text=name)
            await block.focus()
            await expect(page.locator(".selected h2 bdi")).to_have_text(name)
            await expect(page.locator(".selected")).to_contain_text(MARKUP)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.locator("aside").evaluate("aside => aside.scrollWidth <= aside.clientWidth")
        await page.keyboard.press("i")
        await page.keyboard.type(MARKUP)
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog .error-summary")).to_contain_text("character")
        await expect(page.locator("dialog #name")).to_have_value(MARKUP)
        assert await page.title() != "run"


async def test_letters_can_be_switched_off(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as page:
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Check in")
        await page.get_by_label("Letters work as commands").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await page.keyboard.press("l")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator(".day")).to_be_visible()


async def test_a_desk_that_nobody_uses_locks_itself_and_keeps_nothing(browser: Browser, room: Room) -> None:
    await booked(room, "Secret Person", "17:00", column=1)
    async with desk(browser, room) as page:
        await expect(page.locator("body")).to_contain_text("Secret Person")
        await page.clock.install()
        await page.reload()
        await expect(page.locator("body")).to_contain_text("Secret Person")
        await page.clock.fast_forward("05:10")
        await expect(page.get_by_role("heading", name="This desk is locked")).to_be_visible()
        await expect(page.locator("#email")).to_be_focused()
        assert "Secret Person" not in await page.content()
        assert await page.evaluate("localStorage.getItem('yoyaku.desk.session')") is None
        await page.reload()
        await expect(page.locator("#password")).to_be_visible()


async def test_time_off_shows_who_is_booked_first(browser: Browser, room: Room) -> None:
    await booked(room, "Abe Nana", "11:00")
    await booked(room, "Abe Rui", "11:30")
    async with desk(browser, room) as page:
        column = await column_of(page, room, room.doctor_ids[0])
        await at(page, "Abe Nana", column).focus()
        await page.keyboard.press("f")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("To", exact=True).fill(f"{room.today}T12:00")
        await dialog.get_by_role("button", name="See who is booked").press("Enter")
        await expect(dialog).to_contain_text("2 booked in this period")
        await dialog.get_by_label("11:30 Abe Rui").select_option("CANCEL")
        await dialog.get_by_role("button", name="Make it time off").press("Enter")
        await expect(told(page)).to_contain_text("1 kept, 1 cancelled.")
        await expect(at(page, "Abe Rui", column)).to_have_count(0)
        await expect(at(page, "11:30", column)).to_have_count(0)
        await expect(at(page, "12:00", column)).to_have_count(1)
