"""axe-core finds nothing wrong with what a page shows only after several steps, in either language and theme."""

import asyncio
import base64
import json
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from server.usecases.identity.second_factor.codes import code_at
from tests.edge.clinic import Stack
from tests.edge.rest import Rest
from tests.fixtures.browser import opened
from tests.fixtures.waiting import eventually
from tests.web.axe import NEEDS_AXE, check_themes
from tests.web.conftest import Room
from tests.web.desks import administration, loaded, offered, session
from tests.web.practice import PASSWORD, opened_practice, sign_in
from tests.web.test_my_account import with_password, without_needed_factor
from tests.web.test_visit import booked

pytestmark = [pytest.mark.asyncio(loop_scope="module"), NEEDS_AXE, pytest.mark.parametrize("lang", ["en", "ja"])]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
DIALOG = "dialog:last-of-type"


async def refused(page: Page, part: str = DIALOG) -> None:
    """Send what is on top as it is, which is not enough; and check what it says then."""
    await page.locator(f"{part} form button:is(.primary, .danger)").press("Enter")
    await expect(page.locator(f"{part} .error-summary")).to_be_visible()
    await check_themes(page, part)


async def shows(page: Page, what: str, part: str = DIALOG) -> None:
    await expect(page.locator(f"{part} {what}").first).to_be_visible()
    await check_themes(page, part)


async def test_nothing_stands_in_the_way_of_an_end_for_a_display(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    async with httpx.AsyncClient(base_url=room.edge.url) as http:
        code = (await http.post("/api/auth/displays:pair", json={})).json()["pairing_code"]
    screen = {"pairing_code": code, "clinic_id": room.clinic_id, "name": "Hall", "kind": "DISPLAY_KIND_SCREEN"}
    await room.post("/api/auth/displays:confirm", screen)
    async with administration(browser, room, stack, "displays", lang=lang, **PHONE) as page:
        await refused(page, "main")
        await page.locator("main tbody button").press("Enter")
        await shows(page, "button.danger")
        await page.locator("dialog button.danger").press("Enter")
        await expect(page.locator("main tbody")).to_have_count(0)
        await check_themes(page)


async def test_nothing_stands_in_the_way_of_an_admin_with_a_phone(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    async with administration(browser, room, stack, "dashboard", lang=lang, **PHONE) as page:
        for part, ready in (
            ("dashboard", "tbody th"),
            ("notices", "table"),
            ("doctors", "tbody th"),
            ("catalogue", "table"),
        ):
            await page.locator(f"nav a[href='#{part}']").click()
            await shows(page, ready, "main")
        await page.locator("nav a[href='#audit']").click()
        await page.locator("main input").fill("Sato Ken")
        await offered(page).first.click()
        await shows(page, "table", "main")


async def test_nothing_stands_in_the_way_of_new_hours(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    day = datetime.now(ZoneInfo(room.time_zone)).date() + timedelta(days={"en": 9, "ja": 10}[lang])
    for doctor_id, time_slot in zip(room.doctor_ids, ("17:00", "17:30"), strict=True):
        wanted = {"patient_id": room.patient_id, "doctor_id": doctor_id, "date": f"{day}", "time_slot": time_slot}
        await room.post("/api/appointments", wanted)
    async with administration(browser, room, stack, "doctors", lang=lang, **PHONE) as page:
        await page.locator("main tbody button").first.press("Enter")
        await page.locator("#valid_from").fill(f"{day}")
        await page.locator("#hours").fill("Mon 9-12")
        await refused(page)
        await page.locator("#hours").fill("Mon 09:00-12:00 30")
        await page.locator("dialog button.primary").press("Enter")
        await shows(page, "#action-all")
        each = await page.locator("dialog td select").bounding_box()
        assert each
        assert each["width"] > 100  # what is chosen can be read


async def test_nothing_stands_in_the_way_of_a_second_factor(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    _, email = await with_password(room, stack, "admin")
    async with opened(browser, f"{room.edge.url}/admin/?lang={lang}", **PHONE) as page:
        top, send = page.locator("dialog").last, page.locator(f"{DIALOG} form button:is(.primary, .danger)")
        own = page.locator("dialog section").first.locator("button")
        await page.locator("#email").fill(email)
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#password").press("Enter")
        await page.locator("nav button").first.press("Enter")
        await shows(page, ".sessions li")
        await own.press("Enter")
        await refused(page)
        await page.locator("#factor-password").fill(PASSWORD)
        await send.press("Enter")
        await shows(page, ".qr")
        await refused(page)
        secret = base64.b32decode(await page.locator("#factor-key").input_value())
        await page.locator("#factor-code").fill(code_at(secret, int(time.time()) // 30))
        await send.press("Enter")
        await shows(page, ".codes")
        codes = await page.locator(".codes li").all_inner_texts()
        await page.keyboard.press("Escape")
        await expect(own).to_have_count(2)
        await check_themes(page, "dialog")
        await own.first.press("Enter")
        await refused(page)
        await page.locator("#factor-code").fill(codes[0])
        await send.press("Enter")
        await shows(page, ".codes")
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(1)
        await own.last.press("Enter")
        await refused(page)
        await expect(top).to_be_visible()
        await page.evaluate("localStorage.clear()")
        await page.reload()
        await page.locator("#email").fill(email)
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#password").press("Enter")
        await shows(page, "#factor-code", "main")
        await refused(page, "main")


async def test_nothing_stands_in_the_way_of_who_needs_a_second_factor(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    state = await without_needed_factor(room, stack)
    async with opened(browser, f"{room.edge.url}/desk/?lang={lang}", storage_state=state, **PHONE) as page:
        await shows(page, "main.narrow", "html")


async def test_nothing_stands_in_the_way_of_signing_in_again(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    key = "yoyaku.patient.session"
    async with opened_practice(stack, room.edge) as practice:
        email = await practice.patient()
    async with opened(browser, f"{room.edge.url}/?lang={lang}#/appointments", **PHONE) as page:
        await sign_in(page, email)
        tokens = await page.evaluate("key => JSON.parse(localStorage[key])", key)
        async with httpx.AsyncClient(base_url=room.edge.url) as http:
            (await http.post("/api/auth/logout", json={"refresh_token": tokens["refresh"]})).raise_for_status()
        await page.evaluate("args => localStorage.setItem(...args)", [key, json.dumps(tokens | {"access": "none"})])
        await page.evaluate("location.hash = '#/profile'")
        await shows(page, "#password")
        await refused(page)


async def test_nothing_stands_in_the_way_of_an_amendment(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    clinic = stack.clinic
    with httpx.Client(base_url=room.edge.url) as http:
        rest = Rest(http, stack)
        visit = rest.book("staff", {"en": "11:00", "ja": "11:30"}[lang]).json()["appointment"]
        record = {"patient_id": clinic.patient, "appointment_id": visit["id"], "text": "Lungs clear."}
        rest("doctor", "POST", "/api/medical-records", json=record).raise_for_status()
    state = session(room.edge.url, clinic.tokens["doctor"], "DOCTOR", [], clinic.doctor)
    async with opened(browser, f"{room.edge.url}/desk/?lang={lang}", storage_state=state) as page:
        await expect(page.locator(".day section")).to_have_count(1)
        await loaded(page)
        await page.locator("#date").fill(clinic.day)
        await page.locator(".block").filter(has_text="Sato Ken").first.focus()
        await page.keyboard.press("d")
        await shows(page, ".record")
        await page.locator(".record button").first.press("Enter")
        await shows(page, "#amended")
        await page.locator("#amended").fill("")
        await refused(page)


async def test_nothing_stands_in_the_way_of_a_move_by_a_link(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    moved, other = {"en": ("15:00", "16:00"), "ja": ("19:00", "20:00")}[lang]
    appointment, address = booked(stack, room.edge, moved)
    day = datetime.fromisoformat(appointment["start_time"]).date() + timedelta(days=1)
    async with opened(browser, address.replace("/#", f"/?lang={lang}#"), **PHONE) as page:
        times = page.locator("main [role=group]")
        await page.locator("main button").nth(-2).click()
        await page.locator("#day").fill(f"{day + timedelta(days=4000)}")
        await expect(times.locator("p")).to_be_visible()
        await check_themes(page)
        await page.locator("#day").fill(f"{day}")
        await times.locator("button").first.click()
        await shows(page, "button.primary", "dialog")
        await page.locator("dialog button.primary").click()
        await shows(page, ".message.good", "html")
    appointment, address = booked(stack, room.edge, other)
    off = {each: appointment[each] for each in ("start_time", "end_time")} | {"action": "TIME_OFF_ACTION_OFFER_MOVE"}
    with httpx.Client(base_url=room.edge.url) as http:
        rest, path = Rest(http, stack), f"/api/schedules/{stack.clinic.doctor}/time-off"
        made = rest("staff", "POST", path, json=off).json()["time_off"]

        def is_open() -> bool:
            found = rest("staff", "GET", f"/api/time-off/{made['id']}").json()["appointments"][0]
            return bool(found["offer_state"] == "MOVE_OFFER_STATE_OPEN")

        await asyncio.to_thread(eventually, is_open)
        async with opened(browser, address.replace("/#", f"/?lang={lang}#"), **PHONE) as page:
            await shows(page, ".message.warning", "html")
            await page.locator("main [role=group] button").first.click()
            await shows(page, "button.primary", "dialog")
        rest("staff", "POST", f"/api/time-off/{made['id']}:delete", json={})
