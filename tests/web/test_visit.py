"""The page of one appointment, which the link of a message opens without a sign-in."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from server.usecases.identity.signing_keys import key_encryption_key
from server.usecases.links import appointment_links
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.edge.rest import Rest
from tests.fixtures.browser import opened
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
EMAIL = "ken@example.org"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "timezone_id": "Asia/Tokyo"}


def booked(stack: Stack, edge: Edge, time_slot: str) -> tuple[dict[str, Any], str]:
    """An appointment of the clinic's patient, and the address in the message about it."""
    with psycopg.connect(stack.environment["YOYAKU_DATABASE_URL"], autocommit=True) as database:
        database.execute("UPDATE patients SET email = %s WHERE id = %s", (EMAIL, stack.clinic.patient))
    with httpx.Client(base_url=edge.url) as http:
        appointment = Rest(http, stack).book("staff", time_slot, reason="a secret").json()["appointment"]
    links = appointment_links(key_encryption_key(stack.environment["YOYAKU_KEY_ENCRYPTION_KEY"]))
    token = links.token(appointment["id"], datetime.fromisoformat(appointment["start_time"]), EMAIL)
    return appointment, f"{edge.url}/visit/#{token}"


def as_staff_see_it(stack: Stack, edge: Edge, appointment: dict[str, Any]) -> dict[str, Any]:
    with httpx.Client(base_url=edge.url) as http:
        answer = Rest(http, stack)("staff", "GET", f"/api/appointments/{appointment['id']}").json()
    found: dict[str, Any] = answer["appointment"]
    return found


async def shows(page: Page, *texts: str) -> None:
    for text in texts:
        await expect(page.locator("main")).to_contain_text(text)


async def test_opening_the_page_changes_nothing_and_its_button_confirms(
    browser: Browser, stack: Stack, edge: Edge
) -> None:
    appointment, address = booked(stack, edge, "09:30")
    async with opened(browser, address, **PHONE) as page:
        await shows(page, "09:30", "The time is that of the clinic")
        await expect(page.locator("main")).not_to_contain_text("secret")
        await expect(page.locator("main")).not_to_contain_text(appointment["doctor"]["name"])
        assert as_staff_see_it(stack, edge, appointment) == appointment
        await page.get_by_role("button", name="I will come").click()
        await shows(page, "You have told the clinic")
        await expect(page.get_by_role("button", name="I will come")).to_have_count(0)
    assert as_staff_see_it(stack, edge, appointment)["confirm_time"]


async def test_a_cancellation_is_asked_about_first(browser: Browser, stack: Stack, edge: Edge) -> None:
    appointment, address = booked(stack, edge, "10:30")
    async with opened(browser, address, color_scheme="dark") as page:
        await page.get_by_role("button", name="Cancel the appointment").click()
        await page.get_by_role("button", name="No, keep it").click()
        assert as_staff_see_it(stack, edge, appointment) == appointment
        await page.get_by_role("button", name="Cancel the appointment").click()
        await page.get_by_role("button", name="Yes, cancel it").click()
        await shows(page, "This appointment is cancelled")
        await expect(page.locator("main button")).to_have_count(0)
    assert as_staff_see_it(stack, edge, appointment)["status"] == "APPOINTMENT_STATUS_CANCELLED"


async def test_an_appointment_moves_to_a_time_of_another_day(browser: Browser, stack: Stack, edge: Edge) -> None:
    appointment, address = booked(stack, edge, "12:30")
    day = (datetime.fromisoformat(appointment["start_time"]) + timedelta(days=1)).date().isoformat()
    async with opened(browser, address, **PHONE) as page:
        await page.get_by_role("button", name="Move the appointment").click()
        await page.get_by_label("Day").fill(day)
        await page.get_by_role("button", name="14:30").click()
        await page.get_by_role("button", name="Yes, move it").click()
        await shows(page, "Your appointment has moved to", "14:30")
    seen = as_staff_see_it(stack, edge, appointment)
    assert (seen["date"], seen["time_slot"]) == (day, "14:30")


async def test_a_patient_takes_a_time_that_is_held_while_the_doctor_is_away(
    browser: Browser, stack: Stack, edge: Edge
) -> None:
    appointment, address = booked(stack, edge, "13:30")
    off = {each: appointment[each] for each in ("start_time", "end_time")}
    with httpx.Client(base_url=edge.url) as http:
        path = f"/api/schedules/{stack.clinic.doctor}/time-off"
        body = off | {"action": "TIME_OFF_ACTION_OFFER_MOVE"}
        made = Rest(http, stack)("staff", "POST", path, json=body).json()["time_off"]

        def is_open() -> bool:
            found = Rest(http, stack)("staff", "GET", f"/api/time-off/{made['id']}").json()
            return bool(found["appointments"][0]["offer_state"] == "MOVE_OFFER_STATE_OPEN")

        await asyncio.to_thread(eventually, is_open)
        async with opened(browser, address, **PHONE) as page:
            await shows(page, "asks you to choose another one")
            times = page.get_by_role("group", name="Free times").get_by_role("button")
            await expect(times).to_have_count(2)
            await times.first.click()
            await page.get_by_role("button", name="Yes, move it").click()
            await shows(page, "Your appointment has moved to")
        assert as_staff_see_it(stack, edge, appointment)["start_time"] != appointment["start_time"]
        Rest(http, stack)("staff", "POST", f"/api/time-off/{made['id']}:delete", json={})


async def test_a_link_that_no_longer_works_says_what_to_do_in_japanese_too(
    browser: Browser, stack: Stack, edge: Edge
) -> None:
    appointment, address = booked(stack, edge, "11:30")
    with httpx.Client(base_url=edge.url) as http:
        day = {"date": appointment["date"], "time_slot": "13:30"}
        Rest(http, stack)("staff", "POST", f"/api/appointments/{appointment['id']}:reschedule", json=day)
    async with opened(browser, address.replace("/#", "/?lang=ja#")) as page:
        await shows(page, "このリンクは使えません")
        await page.get_by_role("button", name="English").click()
        await shows(page, "This link no longer works")
