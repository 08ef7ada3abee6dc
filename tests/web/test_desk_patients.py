"""Choosing whom and what to book at the desk, series and time off there, in a real browser."""

from datetime import date, timedelta

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.web.conftest import Room
from tests.web.desks import at, booked, column_of, desk, offered, patient, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_only_who_was_chosen_for_what_was_typed_last_is_booked(browser: Browser, room: Room) -> None:
    for name in ("Quint Ada", "Quist Ben"):
        await patient(room, name)
    async with desk(browser, room) as page:
        keys, found = page.keyboard, offered(page)
        await at(page, "16:30", await column_of(page, room, room.doctor_ids[0])).focus()
        await keys.press("Enter")
        field = page.locator("dialog").get_by_role("combobox").first
        await field.fill("Quint")
        await expect(found.first).to_contain_text("Quint Ada")
        await page.route("**/api/patients:search", lambda route: route.abort())
        await field.fill("Quist")
        await keys.press("Enter")
        await expect(found).to_have_count(0)
        await expect(page.locator("dialog .chosen")).to_be_empty()
        await page.unroute("**/api/patients:search")
        await field.fill("Quint")
        await expect(found.first).to_contain_text("Quint Ada")
        await keys.press("Enter")
        await expect(page.locator("dialog .chosen")).to_contain_text("Quint Ada")
        await field.fill("Quist")
        await expect(page.locator("dialog .chosen")).to_be_empty()
        await page.locator("dialog button.primary").click()
        await expect(page.locator("dialog .error-summary")).to_be_visible()
        await keys.press("Escape")


async def test_a_series_is_shown_before_it_is_booked_and_called_off_from_a_date_on(
    browser: Browser, room: Room
) -> None:
    doctor = room.doctor_ids[1]
    second = date.fromisoformat(room.today) + timedelta(days=7)
    body = {"patient_id": await patient(room, "Wada Ei"), "doctor_id": doctor, "date": str(second)}
    await room.post("/api/appointments", body | {"time_slot": "17:00"})
    await patient(room, "Toda Umi")
    async with desk(browser, room) as page:
        keys, dialog = page.keyboard, page.get_by_role("dialog").last
        await at(page, "17:00", await column_of(page, room, doctor)).focus()
        await keys.press("Enter")
        await keys.type("toda")
        await expect(offered(page).first).to_contain_text("Toda Umi")
        await keys.press("Enter")
        await dialog.get_by_label("Repeat").select_option("week")
        await dialog.get_by_label("Visits in all").fill("1")
        await keys.press("Enter")
        await expect(dialog.locator(".error-summary")).to_contain_text("2 to 52")
        await dialog.get_by_label("Visits in all").fill("4")
        await keys.press("Enter")
        await expect(dialog).to_contain_text("3 of 4 dates are free")
        await expect(dialog.locator(".plain-list > li").nth(1)).to_contain_text("this time is taken")
        await expect(dialog.locator(".plain-list > li").nth(1)).to_contain_text("Free times near by")
        await keys.press("Escape")
        await expect(dialog.locator(".error-summary")).to_contain_text("Nothing is booked yet.")
        await dialog.get_by_role("button", name="Book").press("Enter")
        await dialog.get_by_role("button", name="Book 3 visits").press("Enter")
        await expect(told(page)).to_contain_text("Toda Umi is booked for 3 visits, the first on")
        await expect(page.locator(":focus")).to_contain_text("Toda Umi")
        await keys.press("u")
        await expect(dialog.locator("li")).to_have_count(3)
        await dialog.locator("li button").nth(1).press("Enter")
        await expect(page.locator("#date")).to_have_value(str(second + timedelta(days=7)))
        await expect(page.locator(".head .away")).to_have_text("in 14 days")
        await expect(page.locator(":focus")).to_contain_text("Toda Umi")
        await keys.press("Delete")
        await dialog.get_by_label("part of a series").select_option("rest")
        await dialog.get_by_role("button", name="Cancel the appointment").press("Enter")
        await expect(told(page)).to_have_text("2 visits of Toda Umi are cancelled.")
        await keys.press("t")
        await expect(at(page, "Toda Umi", await column_of(page, room, doctor))).to_have_count(1)


async def test_time_off_is_listed_and_ended_with_a_word_about_those_who_were_cancelled(
    browser: Browser, room: Room
) -> None:
    doctor = room.doctor_ids[1]
    appointment = await booked(room, "Hara Sen", "13:30", column=1)
    period = {"start_time": appointment["start_time"], "end_time": appointment["end_time"], "reason": "Dentist"}
    await room.post(f"/api/schedules/{doctor}/time-off", period | {"action": "TIME_OFF_ACTION_CANCEL"})
    async with desk(browser, room) as page:
        column = await column_of(page, room, doctor)
        await expect(at(page, "13:30", column)).to_have_count(0)
        await at(page, "14:00", column).focus()
        await page.keyboard.press("a")
        dialog = page.get_by_role("dialog").last
        await expect(dialog.locator("li")).to_contain_text(["Dentist · 1 cancelled"])
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(dialog).to_contain_text("1 cancelled visit stays cancelled")
        await page.keyboard.press("Enter")
        await expect(dialog.locator("li")).to_have_text(["No time off now or ahead."])
        await expect(dialog.get_by_label("Doctor")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(told(page)).to_contain_text("can be booked again")
        await expect(at(page, "13:30", column)).to_contain_text("Free")


async def test_an_extra_patient_is_the_one_who_is_selected_afterwards(browser: Browser, room: Room) -> None:
    await booked(room, "Baba Kai", "15:30", column=1)
    await patient(room, "Chiba Lin")
    async with desk(browser, room) as page:
        keys, column = page.keyboard, await column_of(page, room, room.doctor_ids[1])
        await keys.press("/")
        await keys.type("chiba")
        await expect(offered(page).first).to_contain_text("Chiba Lin")
        await keys.press("Enter")
        await at(page, "Baba Kai", column).focus()
        await keys.press("c")
        await expect(told(page)).to_contain_text("Booking for Chiba Lin")
        await keys.press("Enter")
        await expect(told(page)).to_contain_text("press B for an extra patient")
        await keys.press("b")
        await keys.press("Tab")
        await keys.press("Tab")
        await page.get_by_label("Reason for an extra seat").fill("Fever")
        await page.get_by_role("dialog").get_by_role("button", name="Book").press("Enter")
        await expect(told(page)).to_contain_text("Chiba Lin is booked at 15:30")
        await expect(page.locator(":focus")).to_contain_text("Chiba Lin")


async def test_a_day_begins_at_the_present_time_of_the_first_doctor(browser: Browser, room: Room) -> None:
    await booked(room, "Late Visit", "17:30", column=1)
    async with desk(browser, room) as page:
        first = page.locator(".day section").first
        await expect(first.locator(":focus")).to_have_count(1)
        now = await page.locator(".head > time").inner_text()
        begins = await page.locator(":focus .when").inner_text()
        assert begins <= now < f"{begins[:2]}:59"


async def test_another_day_that_begins_with_a_visit_is_nobody_being_faster(browser: Browser, room: Room) -> None:
    tomorrow = str(date.fromisoformat(room.today) + timedelta(days=1))
    visit = {"patient_id": await patient(room, "Aoki Yui"), "doctor_id": room.doctor_ids[0], "date": tomorrow}
    await room.post("/api/appointments", visit | {"time_slot": "08:00"})
    async with desk(browser, room) as page:
        await at(page, "17:30", await column_of(page, room, room.doctor_ids[0])).focus()
        await page.keyboard.press(".")
        await expect(page.locator(".block:focus")).to_contain_text("Aoki Yui")
        await expect(told(page)).to_have_count(0)


async def test_a_room_that_is_needed_elsewhere_is_changed_for_another(
    browser: Browser, room: Room, stack: Stack
) -> None:
    headers = {"authorization": f"Bearer {stack.clinic.tokens['admin']}"}
    of_clinic = {"clinic_id": room.clinic_id}
    async with httpx.AsyncClient(base_url=room.edge.url, headers=headers) as http:
        for name in ("Scanner 1", "Scanner 2"):
            added = await http.post("/api/resources", json=of_clinic | {"kind": "scanner", "name": name})
            added.raise_for_status()
        kind = {"name": "Scan", "minutes": 30, "resource_kinds": ["scanner"], "audience": 1}
        added = await http.post("/api/appointment-types", json=of_clinic | kind)
        added.raise_for_status()
    body = {"doctor_id": room.doctor_ids[0], "date": room.today, "time_slot": "16:00"}
    body |= {
        "patient_id": await patient(room, "Dan Mia"),
        "appointment_type_id": added.json()["appointment_type"]["id"],
    }
    await room.post("/api/appointments", body)
    async with desk(browser, room) as page:
        await at(page, "Dan Mia", await column_of(page, room, room.doctor_ids[0])).focus()
        rooms = page.locator(".selected dd", has_text="Scanner")
        before = await rooms.inner_text()
        await page.keyboard.press("j")
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator("option")).to_have_count(2)
        await dialog.get_by_label("Change").select_option(index=1)
        await dialog.get_by_role("button", name="Change it").press("Enter")
        other = {"Scanner 1": "Scanner 2", "Scanner 2": "Scanner 1"}[before]
        await expect(told(page)).to_have_text(f"Dan Mia now has {other}.")
        await expect(rooms).to_have_text(other)


async def test_a_move_and_a_series_take_full_times_with_a_reason(browser: Browser, room: Room) -> None:
    await booked(room, "Goto Ichi", "11:00", column=1)
    await booked(room, "Goto Niko", "11:30", column=1)
    await patient(room, "Goto Sana")
    async with desk(browser, room) as page:
        keys, column, dialog = (
            page.keyboard,
            await column_of(page, room, room.doctor_ids[1]),
            page.get_by_role("dialog").last,
        )
        await at(page, "Goto Ichi", column).focus()
        await keys.press("m")
        await keys.press("b")
        await expect(told(page)).to_contain_text("Moving Goto Ichi")
        await at(page, "Goto Niko", column).focus()
        await keys.press("b")
        await expect(dialog).to_contain_text("11:30 with Mori Hana is full")
        await dialog.get_by_role("button", name="Move").press("Enter")
        await expect(dialog.locator(".error-summary")).to_contain_text("Say why, in words")
        await keys.press("Escape")
        await expect(page.locator(".carrying")).to_be_visible()
        await at(page, "Goto Niko", column).focus()
        await keys.press("b")
        await dialog.get_by_label("Reason for an extra seat").fill("Comes with her sister")
        await dialog.get_by_role("button", name="Move").press("Enter")
        await expect(told(page)).to_contain_text("Goto Ichi is moved to 11:30")
        await expect(page.locator(":focus")).to_contain_text("Goto Ichi")
        await at(page, "11:00", column).focus()
        await keys.press("Enter")
        await keys.type("goto sana")
        await expect(offered(page).first).to_contain_text("Goto Sana")
        await keys.press("Enter")
        await dialog.get_by_label("Repeat").select_option("week")
        await dialog.get_by_label("Visits in all").fill("2")
        await booked(room, "Goto Yone", "11:00", column=1)
        await keys.press("Enter")
        await expect(dialog).to_contain_text("1 of 2 dates are free")
        await dialog.get_by_label("Reason for an extra seat").fill("Therapy must not wait")
        await dialog.get_by_role("button", name="Book this visit").press("Enter")
        await expect(told(page)).to_contain_text("Goto Sana is booked for 2 visits")


async def test_the_ticket_of_an_older_walk_in_is_printed_again(browser: Browser, room: Room) -> None:
    older, _ = [await room.post("/api/queue/walk-ins", {"lane_id": room.doctor_ids[0]}) for _ in range(2)]
    label = older["ticket"]["label"]
    async with desk(browser, room) as page:
        async with page.expect_popup() as popup:
            await page.get_by_role("button", name=f"Print: {label}").press("Enter")
        assert f"label={label}&" in (await popup.value).url
