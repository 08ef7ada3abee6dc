"""What a desk does with offers to move appointments, in a real browser, without a mouse."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from tests.edge.clinic import Stack
from tests.fixtures.book import Book, Clock
from tests.fixtures.waiting import until
from tests.web.conftest import Room
from tests.web.desks import desk, patient, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def offers_made(room: Room, stack: Stack, days: int, *names: str) -> AsyncIterator[Book]:
    """Patients at 09:00, 09:30 and so on, some days ahead, who were offered other times two minutes ago."""
    day, doctor = str(date.fromisoformat(room.today) + timedelta(days=days)), room.doctor_ids[0]
    found = []
    for number, name in enumerate(names):
        body = {"patient_id": await patient(room, name), "doctor_id": doctor, "date": day}
        slot = f"{9 + number // 2:02}:{number % 2 * 30:02}"
        found.append((await room.post("/api/appointments", body | {"time_slot": slot}))["appointment"])
    period = {"start_time": found[0]["start_time"], "end_time": found[-1]["end_time"], "reason": "Dentist"}
    made = await room.post(f"/api/schedules/{doctor}/time-off", period | {"action": "TIME_OFF_ACTION_OFFER_MOVE"})

    async def all_open() -> bool:
        listed = (await room.get(f"/api/schedules/move-offers?clinic_id={room.clinic_id}")).get("offers", [])
        return len(listed) == len(names) and all(each["state"] == "MOVE_OFFER_STATE_OPEN" for each in listed)

    await until(all_open)
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="tests")
    book = Book(engine, Clock(datetime.now(UTC)))
    await book.run("UPDATE move_offers SET updated_at = updated_at - interval '2 minutes'")
    try:
        yield book
    finally:
        await room.post(f"/api/time-off/{made['time_off']['id']}:delete", {})
        await engine.dispose()


async def listed(page: Page) -> Locator:
    """The list of offers, opened."""
    await page.keyboard.press("d")
    return page.get_by_role("dialog", name="Offers of other times")


async def press(page: Page, within: Locator, name: str | re.Pattern[str]) -> None:
    button = within.get_by_role("button", name=name).first
    await button.focus()
    await page.keyboard.press("Enter")


async def agree(page: Page, title: str) -> None:
    """Answer a question with its first button, which has the focus."""
    await expect(page.get_by_role("dialog").last).to_contain_text(title)
    await page.keyboard.press("Enter")


async def test_an_offer_is_sent_again_ended_and_accepted_for_who_is_on_the_phone(
    browser: Browser, room: Room, stack: Stack
) -> None:
    async with offers_made(room, stack, 1, "Kita Aoi", "Seki Ren") as book, desk(browser, room) as page:
        offers = await listed(page)
        await expect(offers.locator("li")).to_have_count(2)
        await expect(offers.locator("li").first).to_contain_text("has not been sent: call the patient")
        await press(page, offers, "Send again: Kita Aoi")
        await agree(page, "Send the message to Kita Aoi again?")
        await expect(offers.locator("li").first).to_contain_text("is being sent again")
        await expect(offers.get_by_role("button", name="Send again: Kita Aoi")).to_be_focused()
        # A second nurse does the same a moment later.
        await press(page, offers, "Send again: Kita Aoi")
        await agree(page, "Send the message to Kita Aoi again?")
        await expect(page.locator(".error-summary")).to_contain_text("less than a minute ago")
        await page.keyboard.press("Escape")
        await press(page, offers, "End the offer: Kita Aoi")
        await agree(page, "stays as it is")
        await expect(offers.locator("li")).to_have_count(1)
        await expect(offers).to_contain_text("Seki Ren")
        await press(page, offers, re.compile("Move to .*: Seki Ren"))
        moved = await page.get_by_role("dialog").last.get_by_role("heading").inner_text()
        time = re.findall(r"\d\d:\d\d", moved)[0]
        await agree(page, "Move Seki Ren to")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        # The day of the appointment is shown with its new time; nobody has taken anything.
        await expect(told(page)).to_contain_text("Seki Ren is moved to")
        await expect(page.locator(".block:focus")).to_contain_text(f"{time}Seki RenExpected")
        states = await book.rows("SELECT status FROM move_offers ORDER BY id")
        assert sorted(str(each) for (each,) in states) == ["accepted", "withdrawn"]
        await expect(await listed(page)).to_contain_text("Nobody is being offered other times now.")


async def test_the_selected_patient_comes_first_and_an_offer_that_is_over_leaves_the_list(
    browser: Browser, room: Room, stack: Stack
) -> None:
    async with offers_made(room, stack, 2, "Mita Jun", "Noda Ei") as book, desk(browser, room) as page:
        await page.keyboard.press(".")
        await page.keyboard.press(".")
        await page.locator(".block.held", has_text="Noda EiKept for an offer").first.focus()
        await expect(page.locator("aside").get_by_role("button", name="Offers of other times")).to_be_visible()
        offers = await listed(page)
        await expect(offers.locator("li").first).to_contain_text("Noda Ei")
        await press(page, offers, "End the offer: Mita Jun")
        [(appointment_id,)] = await book.rows(
            "SELECT a.id FROM move_offers o JOIN appointments a ON a.id = o.appointment_id"
            " JOIN patients p ON p.id = a.patient_id WHERE p.name = 'Mita Jun'"
        )
        await room.post(f"/api/appointments/{appointment_id}/move-offer:withdraw", {})
        await agree(page, "stays as it is")
        await expect(page.locator(".error-summary")).to_contain_text("This offer is over")
        await page.keyboard.press("Escape")
        await expect(offers.locator("li")).to_have_count(1)
        await expect(offers.locator("li button").first).to_be_focused()
