"""What costs a tired clerk no wrong click: typed dates, and moves that another desk was faster with."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.web.conftest import Room
from tests.web.desks import at, booked, column_of, desk, offered, patient, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_date_that_is_typed_is_shown_once_it_is_whole(browser: Browser, room: Room) -> None:
    wanted = date.fromisoformat(room.today) + timedelta(days=40)
    async with desk(browser, room) as page:
        days: list[str] = []
        page.on("request", lambda asked: days.append(asked.url[-10:]) if "slots:watch" in asked.url else None)
        await page.locator("#date").focus()
        await page.keyboard.type(f"{wanted:%m%d%Y}")
        await page.keyboard.press("Enter")
        await expect(page.locator(".head h1")).to_contain_text(f"{wanted:%B %Y}")
        await expect(page.locator(".block:focus")).to_contain_text("08:00")
        assert days == [str(wanted)]
        await page.locator("#date").focus()
        await page.keyboard.type("0101")
        await page.keyboard.press("Escape")
        await expect(page.locator("#date")).to_have_value(str(wanted))
        await expect(page.locator(".block:focus")).to_contain_text("08:00")
        assert days == [str(wanted)]
        await expect(told(page)).to_have_count(0)


async def test_a_move_that_was_refused_can_be_tried_again(browser: Browser, room: Room) -> None:
    appointment = await booked(room, "Sano Eri", "11:00")
    async with desk(browser, room) as page:
        column = await column_of(page, room, room.doctor_ids[0])
        await at(page, "Sano Eri", column).focus()
        await page.keyboard.press("m")
        elsewhere = {"doctor_id": room.doctor_ids[0], "date": room.today, "time_slot": "14:00"}
        await room.post(f"/api/appointments/{appointment['id']}:reschedule", elsewhere)
        await expect(at(page, "14:00", column)).to_contain_text("Sano Eri")
        await at(page, "15:00", column).focus()
        async with page.expect_response(lambda answer: answer.url.endswith(appointment["id"])):
            await page.keyboard.press("Enter")
        await expect(told(page)).to_contain_text("Another desk changed this a moment ago.")
        await expect(page.locator(".carrying")).to_contain_text("Moving Sano Eri")
        await page.keyboard.press("Enter")
        await expect(told(page)).to_contain_text("Sano Eri is moved to 15:00")
        await page.keyboard.press("m")
        await room.post(f"/api/appointments/{appointment['id']}:cancel", {})
        await expect(at(page, "Sano Eri", column)).to_have_count(0)
        await at(page, "16:00", column).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".carrying")).to_be_hidden()


async def test_who_was_gone_to_in_the_list_stays_chosen_when_more_is_found(browser: Browser, room: Room) -> None:
    for name, slot in (("Seto Aki", "12:00"), ("Seto Emi", "12:30")):
        await booked(room, name, slot)
    await patient(room, "Seto Ume")
    async with desk(browser, room) as page:
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/api/patients:search", hold)
        await page.keyboard.press("/")
        await page.keyboard.type("seto")
        await expect(offered(page)).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        async with page.expect_response("**/api/patients:search"):
            await held[0].continue_()
        await expect(offered(page).filter(has_text="Seto Ume")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.locator(".block:focus")).to_contain_text("Seto Emi")


async def test_a_key_that_is_held_down_on_a_button_does_not_press_the_next_one(browser: Browser, room: Room) -> None:
    await booked(room, "Tabata Yo", "15:30")
    async with desk(browser, room) as page:
        await at(page, "Tabata Yo", await column_of(page, room, room.doctor_ids[0])).focus()
        await page.get_by_role("button", name="Check in").focus()
        await page.keyboard.down("Enter")
        await expect(told(page)).to_contain_text("Tabata Yo is checked in.")
        await expect(page.locator(".block:focus")).to_contain_text("Waiting")
        await page.keyboard.down("Enter")
        await page.keyboard.up("Enter")
        await expect(page.locator(".block:focus")).to_contain_text("Waiting")
        await expect(told(page)).to_contain_text("Tabata Yo is checked in.")
