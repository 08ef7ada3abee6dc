"""axe-core finds nothing wrong with any page, in either language and theme; that of patients has a test of its own."""

import re

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.web.axe import NEEDS_AXE, check_code, check_themes
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, column_of, dead_letter, desk, loaded, offered, patient, session
from tests.web.test_visit import booked as linked

pytestmark = [pytest.mark.asyncio(loop_scope="module"), NEEDS_AXE]
LANGUAGES = ["en", "ja"]


async def again(page: Page, address: str, lang: str) -> None:
    """Open another address; the same page with another fragment is reloaded too."""
    await page.goto("about:blank")
    place, _, fragment = address.partition("#")
    await page.goto(f"{place}?lang={lang}#{fragment}")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_in_a_waiting_room(browser: Browser, room: Room, lang: str) -> None:
    url, screen = room.edge.url, {"width": 1920, "height": 1080}
    for number in range(3):
        await room.post("/api/queue/walk-ins", {"lane_id": room.doctor_ids[number % 2]})
    async with opened(browser, f"{url}/board/?lang={lang}#token={room.token}", viewport=screen) as page:
        await expect(page.locator("#rows tr")).to_have_count(2)
        await check_themes(page)
        await again(page, f"{url}/queue/#token={room.token}", lang)
        await expect(page.locator("#lanes > li")).to_have_count(2)
        await room.post(f"/api/queue/lanes/{room.doctor_ids[0]}:callNext", {"room": "Room 3"})
        await expect(page.locator("#call")).to_be_visible()
        await check_themes(page)
        for name in ("board", "queue"):
            await again(page, f"{url}/{name}/#", lang)
            await expect(page.locator("#code")).not_to_be_empty()
            await check_themes(page)
        await again(page, f"{url}/ticket/#label=A12&doctor=Mori+Hana&clinic=Kaede&shortest=5&longest=20&qr=/", lang)
        await expect(page.locator("#label")).to_have_text("A12")
        await check_themes(page)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_of_who_follows_a_link(
    browser: Browser, stack: Stack, room: Room, lang: str
) -> None:
    _, address = linked(stack, room.edge, {"en": "15:00", "ja": "15:30"}[lang])
    place, _, token = address.partition("#")
    async with opened(browser, f"{place}?lang={lang}#{token}") as page:
        buttons = page.locator("main button")
        await expect(buttons.last).to_be_visible()
        await check_themes(page)
        await buttons.last.click()
        await check_themes(page, "dialog")
        await page.keyboard.press("Escape")
        await buttons.nth(-2).click()
        await expect(page.locator("main input[type=date]")).to_be_visible()
        await check_themes(page)
        await again(page, f"{place}#none", lang)
        await expect(page.locator("main")).not_to_be_empty()
        await check_themes(page)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_of_an_account(browser: Browser, room: Room, lang: str) -> None:
    url = room.edge.url
    async with opened(browser, f"{url}/account/?lang={lang}") as page:
        await page.locator("button.primary").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await check_themes(page)
        for purpose in ("invitation", "reset", "address"):
            await again(page, f"{url}/account/#{purpose}=none", lang)
            await page.locator("button.primary").click()
            await expect(page.get_by_role("alert")).to_be_visible()
            await check_themes(page)
        for place, ready in (("developers", "h1"), ("reference", "h2")):
            await again(page, f"{url}/{place}/#", lang)
            await expect(page.locator(ready).first).to_be_visible()
            await check_themes(page)


async def in_dialogs(page: Page, *steps: tuple[str, str]) -> None:
    """Each key opens a dialog, of which something shows that it is there."""
    dialog = page.get_by_role("dialog").last
    for key, ready in steps:
        await page.keyboard.press(key)
        await expect(dialog.locator(ready).first).to_be_visible()
        await check_themes(page, "dialog:last-of-type")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_at_the_desk(browser: Browser, room: Room, lang: str) -> None:
    slot, extra = {"en": ("14:00", "13:00"), "ja": ("15:00", "13:30")}[lang]
    series = {"frequency": "FREQUENCY_WEEKLY", "count": 2}
    ids = {"patient_id": await patient(room, f"Ota {lang}"), "doctor_id": room.doctor_ids[0], "date": room.today}
    await room.post("/api/appointments:series", ids | {"time_slot": slot, "recurrence": series})
    for email in ("old@example.org", "waits@example.org"):
        await room.patch(f"/api/patients/{ids['patient_id']}", {"patient": {"email": email}})
    async with desk(browser, room, lang=lang) as page:
        keys, dialog = page.keyboard, page.get_by_role("dialog").last
        block = page.locator(".block").filter(has_text=f"Ota {lang}")
        await block.focus()
        await in_dialogs(page, ("?", "#letters"), ("i", "#name"), ("Delete", "#extent"), ("h", "li"), ("u", "li"))
        await in_dialogs(page, ("f", "#begin"), ("a", "li"), ("o", "#room"), ("b", "#override"), ("F2", "#language"))
        await check_code(page)
        await keys.press("c")
        await expect(page.locator(".bar button:not([hidden])")).to_have_count(2)
        await check_themes(page)
        await in_dialogs(page, ("v", "#reason"))
        await keys.press("c")
        await expect(page.locator(".bar.refused")).to_be_visible()
        await check_themes(page, ".bar")
        await keys.press("f")
        await dialog.locator("button.primary").press("Enter")
        await expect(dialog.locator("table")).to_be_visible()
        await check_themes(page, "dialog")
        await keys.press("Escape")
        await expect(dialog.locator("#begin")).to_be_visible()
        await keys.press("Escape")
        await at(page, extra, await column_of(page, room, room.doctor_ids[0])).focus()
        await keys.press("Enter")
        await keys.type("ota")
        await expect(offered(page).first).to_be_visible()
        await check_themes(page, "dialog")
        await offered(page).first.click()
        await booked(room, f"Sudo {lang}", extra)
        await keys.press("Enter")
        await expect(dialog.locator(".others button").first).to_be_visible()
        await check_themes(page, "dialog")
        await dialog.locator("#repeat").select_option("week")
        await dialog.locator("button.primary").press("Enter")
        await expect(dialog.locator(".left-out")).to_be_visible()
        await check_themes(page, "dialog:last-of-type")
        await keys.press("Escape")
        await keys.press("Escape")
        await keys.press(".")
        await expect(page.locator(".head .away")).to_be_visible()
        await check_themes(page, ".head")
        await keys.press("l")
        await expect(page.locator("#password")).to_be_visible()
        await check_themes(page)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_in_dialogs_that_not_every_visit_has(
    browser: Browser, room: Room, lang: str
) -> None:
    """Another room, another place in the queue, a move to a full time, offers of other times, the end of a time off."""
    column, scanned, full = {"en": (1, "16:00", "16:30"), "ja": (0, "17:00", "17:30")}[lang]
    doctor = room.doctor_ids[column]
    clinic, kind = {"clinic_id": room.clinic_id}, f"scanner-{lang}"
    for number in range(2):
        await room.post("/api/resources", clinic | {"kind": kind, "name": f"{kind} {number}"})
        await room.post("/api/queue/walk-ins", {"lane_id": doctor})
    scan = clinic | {"name": f"Scan {lang}", "minutes": 30, "resource_kinds": [kind]}
    scan_id = (await room.post("/api/appointment-types", scan))["appointment_type"]["id"]
    taken = await booked(room, f"Full {lang}", full, column=column)
    ids = {"patient_id": await patient(room, f"Scan {lang}"), "doctor_id": doctor, "date": room.today}
    await room.post("/api/appointments", ids | {"time_slot": scanned, "appointment_type_id": scan_id})
    period = {"start_time": taken["start_time"], "end_time": taken["end_time"], "action": "TIME_OFF_ACTION_OFFER_MOVE"}
    await room.post(f"/api/schedules/{doctor}/time-off", period)
    async with desk(browser, room, lang=lang) as page:
        keys, dialog = page.keyboard, page.get_by_role("dialog").last
        await page.locator(".block").filter(has_text=f"Scan {lang}").focus()
        await in_dialogs(page, ("j", "#swap"))
        await keys.press("m")
        await page.locator(".block.scheduled").filter(has_text=f"Full {lang}").focus()
        await in_dialogs(page, ("b", "#override"))
        await keys.press("Escape")
        await page.locator("[data-focus^='up ']").first.press("Enter")
        await expect(dialog.locator("#position")).to_be_visible()
        await check_themes(page, "dialog")
        await keys.press("Escape")
        await page.locator(".block.scheduled").filter(has_text=f"Full {lang}").focus()
        await keys.press("a")
        await dialog.locator("li button").first.press("Enter")
        await expect(dialog.locator("button.danger")).to_be_visible()
        await check_themes(page, "dialog:last-of-type")
        await keys.press("Escape")
        await keys.press("Escape")
        await expect(page.locator(".block.held").filter(has_text=f"Full {lang}").first).to_be_visible()
        await in_dialogs(page, ("d", "li p:nth-of-type(2)"))
        await page.locator(".head .tools button").nth(1).press("Enter")
        await expect(dialog.locator(".sessions, [role=alert]").first).to_be_attached()
        await check_themes(page, "dialog")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_of_a_doctor(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    clinic = stack.clinic
    async with httpx.AsyncClient(base_url=room.edge.url) as http:
        visit = {"patient_id": clinic.patient, "doctor_id": clinic.doctor, "date": clinic.day}
        slot = {"time_slot": {"en": "10:00", "ja": "10:30"}[lang]}
        headers = {"authorization": f"Bearer {clinic.tokens['staff']}"}
        (await http.post("/api/appointments", json=visit | slot, headers=headers)).raise_for_status()
    state = session(room.edge.url, clinic.tokens["doctor"], "DOCTOR", [], clinic.doctor)
    async with opened(browser, f"{room.edge.url}/desk/?lang={lang}", storage_state=state) as page:
        await expect(page.locator(".head h1")).not_to_be_empty()
        await loaded(page)
        await in_dialogs(page, ("y", "#patient"))
        await page.locator("#date").fill(clinic.day)
        await page.locator(".block").filter(has_text="Sato Ken").first.focus()
        await in_dialogs(page, ("d", "#text"))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_of_an_admin(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    await dead_letter(room, stack)
    async with administration(browser, room, stack, "dashboard", lang=lang) as page:
        for part, ready, opens in (
            ("dashboard", "svg", ""),
            ("notices", "tbody tr", "tbody tr:first-child button"),
            ("accounts", "tbody tr", "tbody tr:last-child button"),
            ("doctors", "table", ".title-row button, tbody tr:first-child button"),
            ("policies", "form", "form button.primary"),
            ("catalogue", "table", ".title-row button"),
            ("displays", "form", ""),
            ("audit", "input", ""),
        ):
            link = page.locator(f"nav a[href='#{part}']")
            await link.click()  # a key would go to what has the focus, which a closed dialog gives back late
            await expect(page).to_have_title(re.compile(f"^{re.escape(await link.inner_text())} "))
            await expect(page.locator("main h1")).to_be_visible()
            await expect(page.locator(f"main {ready}").first).to_be_visible()
            await check_themes(page)
            for button in await page.locator(f"main :is({opens})").all() if opens else []:
                await button.press("Enter")
                await expect(page.get_by_role("dialog")).to_be_visible()
                await check_themes(page, "dialog")
                await page.keyboard.press("Escape")
                await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.locator("nav button").last.press("Enter")
        await expect(page.locator("#password")).to_be_visible()
        await check_themes(page)
