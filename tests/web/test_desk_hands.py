"""Keys and clicks at a desk that come while the page draws or loads are not lost, and do what they were meant to."""

import re
from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.fixtures.waiting import until
from tests.web.conftest import Room
from tests.web.desks import desk, patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_who_has_gone_elsewhere_before_a_dialog_has_told_of_its_end_stays_there(
    browser: Browser, room: Room
) -> None:
    async with desk(browser, room) as page:
        await page.keyboard.press("?")
        await expect(page.locator("dialog #letters")).to_be_visible()
        await page.evaluate("document.querySelector('dialog').close(); document.querySelector('#date').focus()")
        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.locator("#date")).to_be_focused()


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
async def test_a_button_that_is_held_down_while_others_change_the_queue_does_what_it_says(
    browser: Browser, room: Room, hand: str
) -> None:
    lane_id = room.doctor_ids[0]
    for _ in range(2):
        await room.post("/api/queue/walk-ins", {"lane_id": lane_id})
    async with desk(browser, room) as page:
        heading = page.locator(f"section[aria-labelledby='doctor-{lane_id}'] .waits")
        button = page.locator("[data-focus^='up ']").first
        await button.hover()
        await button.focus()
        before = await heading.inner_text()
        await (page.mouse.down() if hand == "mouse" else page.keyboard.down(" "))
        label = (await room.post("/api/queue/walk-ins", {"lane_id": lane_id}))["ticket"]["label"]
        await expect(heading).not_to_have_text(before)  # drawn together with the queue
        await (page.mouse.up() if hand == "mouse" else page.keyboard.up(" "))
        await expect(page.locator("dialog #position")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator(".queues")).to_contain_text(label)


async def test_the_answer_for_a_day_that_was_left_changes_nothing_on_the_day_that_is_shown(
    browser: Browser, room: Room
) -> None:
    left, shown = [str(date.fromisoformat(room.today) + timedelta(days=days)) for days in (1, 2)]
    booking = {"doctor_id": room.doctor_ids[0], "date": shown, "time_slot": "09:00"}
    await room.post("/api/appointments", booking | {"patient_id": await patient(room, "Imai Rin")})
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    async def is_held() -> bool:
        return bool(held)

    async with desk(browser, room) as page:
        await page.route(re.compile(rf"/api/appointments\?.*date={left}"), hold)
        await page.keyboard.press(".")
        await until(is_held)
        await page.keyboard.press(".")
        visit = page.locator(".block", has_text="Imai Rin")
        await expect(visit).to_be_visible()
        async with page.expect_response(re.compile(rf"date={left}")) as answer:
            await held[0].continue_()
        await (await answer.value).finished()
        await page.evaluate("fetch('/shared/api.js').then((later) => later.text())")
        await visit.focus()
        await page.keyboard.press("m")  # draws
        await expect(page.locator(".carrying")).to_contain_text("Imai Rin")
        await expect(visit).to_have_count(1)
