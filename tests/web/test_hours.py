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
    day = datetime.now(ZoneInfo(room.time_zone)).date() + timedelta(days=9)
    visits = []
    for doctor_id, time_slot in zip(room.doctor_ids, ("17:00", "17:30"), strict=True):
        wanted = {"patient_id": room.patient_id, "doctor_id": doctor_id, "date": f"{day}", "time_slot": time_slot}
        visits.append((await room.post("/api/appointments", wanted))["appointment"]["id"])
    async with administration(browser, room, stack, "doctors") as page:
        # Both doctors have one name, and either will do.
        await page.get_by_role("button", name="Working hours: Mori Hana").first.press("Enter")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("From this day on").fill(f"{day}")
        await dialog.get_by_label("Working hours").fill(f"{day:%a} 08:00-12:00 30")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog).to_contain_text("1 appointment is outside the new hours")
        await dialog.get_by_label(re.compile("17:[03]0 Sato Ken")).select_option("Cancel")
        await dialog.get_by_role("button", name="Back").press("Enter")
        await expect(dialog.get_by_label("From this day on")).to_have_value(f"{day}")
        await expect(dialog.get_by_label("Working hours")).to_have_value(f"{day:%a} 08:00-12:00 30")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog.get_by_label(re.compile("17:[03]0 Sato Ken"))).to_have_value("CANCEL")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(told(page)).to_have_text("Saved.")
    found = [(await room.get(f"/api/appointments/{each}"))["appointment"]["status"] for each in visits]
    assert sorted(found) == ["APPOINTMENT_STATUS_CANCELLED", "APPOINTMENT_STATUS_SCHEDULED"]
