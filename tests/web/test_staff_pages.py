"""The administration in a real browser; and what it has in common with the desk: words, size, axe-core."""

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.web.conftest import Room
from tests.web.desks import administration, booked, dead_letter, desk, session, told, typed
from tests.web.figures import is_small
from yoyaku.v1.appointment_pb2 import AppointmentEvent, AppointmentStatus
from yoyaku.v1.notification_pb2 import NotificationKind, NotificationOutcome
from yoyaku.v1.record_pb2 import RecordAccessBasis, RecordAccessKind

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Bytes, unpacked, of each file that is loaded before the day is shown; acts come afterwards.
FIRST = """() => {
    const files = performance.getEntriesByType("resource").filter(({ name }) => /[.](js|css)$/.test(name));
    const acts = files.find(({ name }) => name.endsWith("/acts/all.js")).startTime;
    return files.filter(({ startTime }) => startTime < acts).map(({ decodedBodySize }) => decodedBodySize);
}"""


async def test_the_day_is_told_in_figures(browser: Browser, room: Room, stack: Stack) -> None:
    await booked(room, "Endo Mari", "16:00")
    async with administration(browser, room, stack, "dashboard") as page:
        expected = page.locator(".tile").filter(has_text="Expected").locator(".figure")
        await expect(expected).to_have_text(re.compile(r"^[1-9]"))
        await expect(page.locator("main tbody th bdi").first).to_have_text("Mori Hana")
        charts = page.get_by_role("img")
        await expect(charts).to_have_count(4)
        await page.get_by_text("As a table").first.press("Enter")
        await expect(page.locator("figure details[open] tbody tr")).to_have_count(30)


async def test_a_dead_letter_is_sent_again_after_a_question(browser: Browser, room: Room, stack: Stack) -> None:
    await dead_letter(room, stack)
    async with administration(browser, room, stack, "notices") as page:
        await expect(page.locator("tbody th")).to_contain_text(["Change of address"])
        await page.get_by_role("button", name="Send again").press("Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("would get it twice")
        await page.get_by_role("dialog").get_by_role("button", name="Send again").press("Enter")
        await expect(told(page)).to_have_text("The notice is sent again.")
        await page.get_by_label("Status").select_option("WAITING")
        await expect(page.locator("tbody th")).to_contain_text(["Change of address"])


async def test_somebody_is_invited_and_barred_again(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "accounts") as page:
        await page.get_by_role("button", name="Invite somebody").press("Enter")
        await expect(page.locator(".error-summary")).to_contain_text("Enter your email address")
        await page.get_by_label("Email address").fill("nurse@hospital.example")
        await page.get_by_role("button", name="Invite somebody").press("Enter")
        await expect(page.locator("body")).to_contain_text("nurse@hospital.example is invited")
        if await page.get_by_role("dialog").count():
            await page.get_by_role("dialog").get_by_role("button", name="Close").press("Enter")
        await page.get_by_label("Email or name").fill("NURSE@hosp")
        await page.get_by_role("button", name="Find").press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page.locator("tbody tr")).to_contain_text("No password yet")
        await page.get_by_role("button", name="Disable: nurse@hospital.example").press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Disable").press("Enter")
        await expect(told(page)).to_have_text("The account is changed.")
        await expect(page.locator("tbody tr")).to_contain_text("Disabled")
        await page.get_by_role("button", name="Enable again: nurse@hospital.example").press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Enable again").press("Enter")
        await expect(page.get_by_role("button", name="Invite again: nurse@hospital.example")).to_be_visible()
        await page.get_by_label("Status").select_option("DISABLED")
        await expect(page.locator("tbody tr")).to_have_count(0)


async def test_rules_types_and_rooms_are_changed(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "policies") as page:
        ahead = page.get_by_label("Appointments ahead of one patient")
        before = await ahead.input_value()
        await page.get_by_label("Time kept free after each visit").fill("5")
        await page.get_by_role("button", name="See what changes").first.press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Save").press("Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(told(page)).to_have_text("Saved.")
        policy = (await room.get(f"/api/clinics/{room.clinic_id}"))["clinic"]["policy"]
        assert (policy["buffer_minutes"], str(policy["max_open_appointments"])) == (5, before)
        await page.get_by_label("Time kept free after each visit").fill("0")
        await page.get_by_role("button", name="See what changes").first.press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Save").press("Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("link", name="Types and rooms").press("Enter")
        await page.get_by_role("button", name="Add a room or a device").press("Enter")
        await page.keyboard.type("Ultrasound 1")
        await page.get_by_role("dialog").get_by_label("Kind").fill("ultrasound")
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody th")).to_contain_text(["Ultrasound 1"])
        await page.get_by_label("In use: Ultrasound 1").press("Space")
        await expect(page.get_by_label("In use: Ultrasound 1")).not_to_be_checked()


async def test_a_screen_is_added_by_its_code_however_it_is_typed(browser: Browser, room: Room, stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=room.edge.url) as http:
        code = (await http.post("/api/auth/displays:pair", json={})).json()["pairing_code"]
    async with administration(browser, room, stack, "displays") as page:
        await page.get_by_label("Code on the display").fill("\u3000".join(typed(code.lower())))
        await page.get_by_label("Name").fill("Waiting room")
        await page.get_by_role("button", name="Add a display").press("Enter")
        await expect(page.locator("tbody th")).to_contain_text(["Waiting room"])


async def test_a_doctor_is_added_with_hours_and_a_holiday(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "doctors") as page:
        await page.get_by_role("button", name="Add a doctor").press("Enter")
        await page.keyboard.type("Nakano Shun")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Dermatology")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Working hours: Nakano Shun").press("Enter")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Working hours").fill("Mon 9-12")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog.locator(".error-summary")).to_contain_text("is not a session")
        await dialog.get_by_label("Working hours").fill("Mon 09:00-12:00 30\nTue 13:00-17:00 20 2")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_have_text("Saved.")
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name="Working hours: Nakano Shun").press("Enter")
        await expect(dialog.get_by_label("Working hours")).to_have_value("Mon 09:00-12:00 30\nTue 13:00-17:00 20 2")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await page.get_by_role("link", name="Rules and holidays").click()
        await page.get_by_label("Holidays").fill("2030-01-01")
        await page.get_by_role("button", name="See what changes").last.press("Enter")
        await dialog.get_by_role("button", name="Save").press("Enter")
        await expect(dialog).to_have_count(0)
        await page.reload()
        await expect(page.get_by_label("Holidays")).to_have_value("2030-01-01")


async def test_nobody_but_admins_gets_in(browser: Browser, room: Room) -> None:
    state = session(room.edge.url, room.token, "STAFF", [room.clinic_id], page="admin")
    async with opened(browser, f"{room.edge.url}/admin/?lang=en", storage_state=state) as page:
        await expect(page.get_by_role("status")).to_contain_text("for administrators")
        assert await page.evaluate("localStorage.getItem('yoyaku.admin.session')") is None


async def test_every_value_has_a_word(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "audit", lang="ja") as page:
        words = [
            await page.evaluate(
                "async ([file, names]) => Object.values(await import(file))"
                ".flatMap((all) => names.map((name) => Object.keys(all[name])))",
                [f"/{file.format(lang)}.js", names],
            )
            for file, names in (
                ("admin/words/{}", ["noticeKinds", "outcomes", "accessKinds", "bases"]),
                ("desk/words/{}", ["statuses"]),
                ("desk/words/{}_acts", ["events"]),
            )
            for lang in ("en", "ja")
        ]
    notices = {"NOTIFICATION_KIND_": NotificationKind, "NOTIFICATION_OUTCOME_": NotificationOutcome}
    admins = notices | {"RECORD_ACCESS_KIND_": RecordAccessKind, "RECORD_ACCESS_BASIS_": RecordAccessBasis}
    visits, histories = {"APPOINTMENT_STATUS_": AppointmentStatus}, {"APPOINTMENT_EVENT_": AppointmentEvent}
    of_each: list[dict[str, Any]] = [admins, admins, visits, visits, histories, histories]
    for language, enums in zip(words, of_each, strict=True):
        for names, (prefix, enum) in zip(language, enums.items(), strict=True):
            values = {each.name.removeprefix(prefix) for each in enum.DESCRIPTOR.values}
            assert values - {"UNSPECIFIED"} <= set(names)


async def test_every_other_page_is_small(browser: Browser, room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("account", "admin", "board", "desk", "developers", "queue", "reference", "ticket", "visit"):
        async with opened(browser, f"{room.edge.url}/{name}/?lang=ja") as page:
            await expect(page.locator("h1, #label, #code").first).to_be_attached()
            assert await is_small(page, name, capsys)


async def test_the_desk_is_small_and_speaks_japanese(browser: Browser, room: Room) -> None:
    async with desk(browser, room, lang="ja", color_scheme="dark") as page:
        assert await page.evaluate("document.documentElement.lang") == "ja"
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("受付する")
        sizes = await page.evaluate(FIRST)
        assert len(sizes) < 40
        assert sum(sizes) < 150_000


async def test_the_day_is_printed_as_tables(browser: Browser, room: Room) -> None:
    await booked(room, "Print Me", "13:00")
    async with desk(browser, room) as page:
        await page.emulate_media(media="print")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await expect(page.locator(".sheet thead").first).to_have_text("TimePatientTypeReasonStatus")
        await expect(page.locator(".sheet td")).to_contain_text(["Print Me"])
        await expect(page.locator(".day")).to_be_hidden()
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        await expect(page.locator(".sheet")).to_have_count(0)
