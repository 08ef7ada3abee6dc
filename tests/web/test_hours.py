"""Working hours in the administration: those whom new ones leave outside are asked about first."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.web.conftest import Room
from tests.web.desks import administration, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_new_hours_ask_what_becomes_of_those_whom_they_leave_outside(
    browser: Browser, room: Room, stack: Stack
) -> None:
    [_, doctor_id] = room.doctor_ids
    day = datetime.now(ZoneInfo(room.time_zone)).date() + timedelta(days=9)
    wanted = {"patient_id": room.patient_id, "doctor_id": doctor_id, "date": f"{day}", "time_slot": "17:00"}
    visit = (await room.post("/api/appointments", wanted))["appointment"]
    async with administration(browser, room, stack, "doctors") as page:
        # Both doctors have one name.
        buttons = page.get_by_role("button", name="Working hours: Mori Hana")
        await expect(buttons).to_have_count(2)
        for number in range(2):
            await buttons.nth(number).press("Enter")
            dialog = page.get_by_role("dialog")
            await dialog.get_by_label("From this day on").fill(f"{day}")
            await dialog.get_by_label("Working hours").fill(f"{day:%a} 08:00-12:00 30")
            await dialog.get_by_role("button", name="Save").press("Enter")
            await expect(dialog.get_by_label("Working hours")).to_have_count(0)
            if await dialog.count():
                break
        await expect(dialog).to_contain_text("1 appointment is outside the new hours")
        await dialog.get_by_label(re.compile("17:00 Sato Ken")).select_option("Cancel")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_have_text("Saved.")
    assert (await room.get(f"/api/appointments/{visit['id']}"))["appointment"]["status"].endswith("CANCELLED")
