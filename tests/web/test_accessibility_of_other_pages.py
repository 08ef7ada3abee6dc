"""axe-core finds nothing wrong with any page, in either language and theme; that of patients has a test of its own."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.web.axe import NEEDS_AXE, check_themes
from tests.web.conftest import Room
from tests.web.desks import administration, at, booked, column_of, desk, loaded, offered, patient, session
from tests.web.test_visit import booked as linked

pytestmark = [pytest.mark.asyncio(loop_scope="module"), NEEDS_AXE]
LANGUAGES = ["en", "ja"]


async def again(page: Page, address: str, lang: str) -> None:
    """Open another address; the same page with another fragment is loaded anew too."""
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
    async with desk(browser, room, lang=lang) as page:
        keys, dialog = page.keyboard, page.get_by_role("dialog").last
        block = page.locator(".block").filter(has_text=f"Ota {lang}")
        await block.focus()
        await in_dialogs(page, ("?", "#letters"), ("i", "#name"), ("Delete", "#extent"), ("h", "li"), ("u", "li"))
        await in_dialogs(page, ("f", "#begin"), ("a", "li"), ("o", "#room"), ("b", "#override"))
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
async def test_nothing_stands_in_the_way_of_a_doctor(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    state = session(room.edge.url, stack.clinic.tokens["doctor"], "DOCTOR", [], stack.clinic.doctor)
    async with opened(browser, f"{room.edge.url}/desk/?lang={lang}", storage_state=state) as page:
        await expect(page.locator(".head h1")).not_to_be_empty()
        await loaded(page)
        await in_dialogs(page, ("y", "#patient"))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_stands_in_the_way_of_an_admin(browser: Browser, room: Room, stack: Stack, lang: str) -> None:
    async with administration(browser, room, stack, "dashboard", lang=lang) as page:
        for part, ready, opens in (
            ("dashboard", "svg", ""),
            ("notices", "select", ""),
            ("accounts", "form", ""),
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
