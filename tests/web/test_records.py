"""Records at the desk: a doctor's own patients, an amendment, and an emergency."""

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.web.conftest import Room
from tests.web.desks import at, loaded, session, told, typed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_doctor_sees_the_own_day_and_records_by_right(browser: Browser, room: Room, stack: Stack) -> None:
    clinic = stack.clinic
    async with httpx.AsyncClient(base_url=room.edge.url) as http:
        headers = {"authorization": f"Bearer {clinic.tokens['staff']}"}
        body = {"patient_id": clinic.patient, "doctor_id": clinic.doctor, "date": clinic.day, "time_slot": "10:00"}
        (await http.post("/api/appointments", json=body, headers=headers)).raise_for_status()
    state = session(room.edge.url, clinic.tokens["doctor"], "DOCTOR", [], clinic.doctor)
    async with opened(browser, f"{room.edge.url}/desk/?lang=en", storage_state=state) as page:
        keys = page.keyboard
        await expect(page.locator(".day section")).to_have_count(1)
        await loaded(page)
        await page.locator("#date").fill(clinic.day)
        await at(page, "Sato Ken").focus()
        await keys.press("d")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("No records yet.")
        await dialog.locator("#text").fill("Lungs clear.")
        await dialog.get_by_role("button", name="Save").click()
        await expect(told(page)).to_contain_text("Saved in the records of Sato Ken.")
        await keys.press("d")
        await expect(dialog).to_contain_text("Lungs clear.")
        await dialog.get_by_role("button", name="Amend").press("Enter")
        await dialog.locator("#amended").fill("Left lung clear.")
        await dialog.last.get_by_role("button", name="Save").press("Enter")
        await expect(dialog).to_have_count(1)
        await expect(dialog.locator(".record p")).to_have_text("Left lung clear.")
        await keys.press("Escape")
        await keys.press("y")
        await dialog.locator("#patient").fill(typed(clinic.stranger))
        await dialog.get_by_role("button", name="Open the records").click()
        await expect(dialog.locator(".error-summary")).to_contain_text("Say why, in words")
        await dialog.locator("#reason").fill("Unconscious in the waiting room")
        await dialog.get_by_role("button", name="Open the records").click()
        await expect(dialog).to_contain_text("No records yet.")
