"""The desk corrects a patient, lets somebody act for one and has the name compared, in a real browser."""

from datetime import UTC, datetime

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from server.usecases.directory.contacts import code_hash
from tests.edge.clinic import Stack
from tests.fixtures.book import Book, Clock
from tests.web.axe import NEEDS_AXE, check_themes
from tests.web.conftest import Room
from tests.web.desks import at, booked, desk, offered, patient, told, typed

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime.now(UTC).year


async def child(room: Room, name: str) -> str:
    """A patient of eight years."""
    registered = await room.post("/api/patients", {"name": name, "birth_date": f"{NOW - 8}-01-02"})
    return str(registered["patient"]["id"])


async def account(room: Room, stack: Stack, name: str, email: str) -> str:
    """A patient who can sign in with an email; the patient's id."""
    patient_id = await patient(room, name)
    wanted = {"email": email, "role": "ACCOUNT_ROLE_PATIENT", "patient_id": patient_id}
    admin = {"authorization": f"Bearer {stack.clinic.tokens['admin']}"}
    async with httpx.AsyncClient(base_url=room.edge.url, headers=admin) as http:
        (await http.post("/api/auth/accounts:invite", json=wanted)).raise_for_status()
    return patient_id


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog").last


async def find(page: Page, name: str) -> None:
    """Search a patient, who is then about to be booked."""
    await page.keyboard.press("/")
    await page.keyboard.type(name)
    await expect(offered(page).first).to_contain_text(name)
    await page.keyboard.press("Enter")
    await expect(page.locator(".to-book")).to_contain_text(name)


async def fill_in(page: Page, email: str, relation: str, seen: str) -> None:
    """Begin to add somebody who acts for the patient, up to the button that adds."""
    await dialog(page).get_by_role("button", name="Add somebody").press("Enter")
    await dialog(page).get_by_label("Email").fill(email)
    await dialog(page).get_by_label("What the person is").select_option(relation)
    await dialog(page).get_by_label("What you have seen").fill(seen)


async def test_staff_add_a_parent_compare_the_name_and_end_it(browser: Browser, room: Room, stack: Stack) -> None:
    latest = f"1 January {NOW + 10}"
    await child(room, "Kudo Mei")
    await account(room, stack, "Kudo Ken", "kudo@example.org")
    async with desk(browser, room) as page:
        await find(page, "Kudo Mei")
        await page.keyboard.press("y")
        await expect(dialog(page)).to_contain_text("Nobody acts for this patient.")
        await expect(dialog(page).locator("h2").first).to_have_text(f"Who acts for Kudo Mei, born 2 January {NOW - 8}")
        await dialog(page).get_by_role("button", name="Add somebody").press("Enter")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await expect(dialog(page).locator(".error-summary li")).to_have_count(3)
        await dialog(page).get_by_label("Email").fill("nobody@example.org")
        await dialog(page).get_by_label("What the person is").select_option("PARENT")
        await dialog(page).get_by_label("Last day").fill(f"{NOW + 30}-01-01")
        await dialog(page).get_by_label("What you have seen").fill("Birth certificate of 2 January")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator("#end-error")).to_have_text(f"Enter a last day, {latest} at the latest")
        await dialog(page).get_by_label("Last day").fill("")
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator("#email-error")).to_contain_text("No patient signs in with this address")
        await dialog(page).get_by_label("Email").fill("kudo@example.org")
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator("h2").first).to_have_text("Is this Kudo Ken?")
        await expect(dialog(page)).to_contain_text(f"(Parent, until {latest})")
        await dialog(page).get_by_role("button", name="Yes, the name is right").press("Enter")
        acting = dialog(page).locator("li")
        await expect(acting).to_contain_text(["Kudo Ken"])
        await expect(acting).to_contain_text(["Birth certificate of 2 January"])
        await dialog(page).get_by_role("button", name="End it for Kudo Ken").press("Enter")
        await dialog(page).get_by_role("button", name="End it", exact=True).press("Enter")
        await expect(acting).to_contain_text(["ended on"])
        await page.keyboard.press("Escape")
        await expect(told(page)).to_have_text("Kudo Ken no longer acts for Kudo Mei.")


async def sent(stack: Stack, patient_id: str, code: str) -> None:
    """Let this be the code that was sent to the patient's new address."""
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="tests")
    change = "UPDATE contact_changes SET code_hash = %s WHERE patient_id = %s"
    await Book(engine, Clock(datetime.now(UTC))).run(change, code_hash(patient_id, code), patient_id)
    await engine.dispose()


async def test_a_patient_is_corrected_and_a_new_address_confirmed_by_its_code(
    browser: Browser, room: Room, stack: Stack
) -> None:
    appointment = await booked(room, "Naito Mei", "17:00")
    path = f"/api/patients/{appointment['patient']['id']}"
    await room.patch(path, {"patient": {"email": "old@example.org"}})
    async with desk(browser, room) as page:
        await at(page, "Naito Mei").focus()
        await page.keyboard.press("F2")
        await expect(dialog(page).get_by_label("Email")).to_have_value("old@example.org")
        await dialog(page).get_by_label("Name", exact=True).fill("Naitou Mei")
        await dialog(page).get_by_label("Email").fill("new@example.org")
        await room.patch(path, {"patient": {"name": "Naito Mai", "phone": "+81312345678"}})
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator(".error-summary")).to_contain_text("Somebody else changed this patient")
        await expect(dialog(page).locator("#name-error")).to_contain_text("Naito Mai. If you save, what you typed")
        await expect(dialog(page).locator("#phone-error")).to_have_text("Changed meanwhile to: +81312345678")
        await expect(dialog(page).get_by_label("Phone")).to_have_value("+81312345678")
        await expect(dialog(page).get_by_label("Name", exact=True)).to_have_value("Naitou Mei")
        await dialog(page).get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_contain_text("new@example.org is used once the patient confirms it")
        await sent(stack, appointment["patient"]["id"], "123456")
        await dialog(page).get_by_label("Code").fill("654321")
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator("#code-error")).to_contain_text("The code is wrong or too old")
        await dialog(page).get_by_label("Code").fill(typed("123456"))
        await page.keyboard.press("Enter")
        await expect(told(page)).to_have_text("Confirmed: messages to Naitou Mei go there from now on.")
        await expect(at(page, "Naitou Mei")).to_be_focused()
        await expect(page.locator(".selected dd", has_text="new@example.org")).to_be_visible()
    found = (await room.get(path))["patient"]
    assert (found["name"], found["email"], found["phone"]) == ("Naitou Mei", "new@example.org", "+81312345678")


async def test_a_patient_of_another_clinic_is_corrected_with_a_reason(browser: Browser, room: Room) -> None:
    assert room.shared
    visit = {"patient_id": await patient(room, "Okubo Rin"), "doctor_id": room.shared.doctor_ids[0]}
    await room.shared.post("/api/appointments", visit | {"date": room.today, "time_slot": "17:00"})
    async with desk(browser, room) as page:
        await find(page, "Okubo Rin")
        await page.keyboard.press("F2")
        await dialog(page).get_by_label("Reading").fill("おおくぼ りん")
        await expect(dialog(page).get_by_label("Why you change it")).to_be_hidden()
        await page.keyboard.press("Enter")
        await expect(dialog(page).locator("#correct-reason-error")).to_contain_text("belongs to other clinics")
        await dialog(page).get_by_label("Why you change it").fill("As on the insurance card")
        await dialog(page).get_by_role("button", name="Save").press("Enter")
        await expect(told(page)).to_have_text("The details of Okubo Rin are saved.")
        await expect(page.locator(".to-book")).to_contain_text("おおくぼ りん")


async def test_who_adds_a_parent_is_led_to_the_date_of_birth_that_is_missing(
    browser: Browser, room: Room, stack: Stack
) -> None:
    await patient(room, "Ueno Aki")
    await account(room, stack, "Ueno Jun", "ueno@example.org")
    async with desk(browser, room) as page:
        await find(page, "Ueno Aki")
        await page.keyboard.press("y")
        await fill_in(page, "ueno@example.org", "PARENT", "Birth certificate")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await dialog(page).get_by_role("button", name="Enter the date of birth").press("Enter")
        await expect(dialog(page).get_by_label("Date of birth")).to_be_focused()
        await page.keyboard.type(f"{NOW - 8}-01-02")
        await page.keyboard.press("Enter")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await expect(dialog(page).locator("h2").first).to_have_text("Is this Ueno Jun?")


async def test_somebody_else_with_a_similar_address_is_ended_at_once(
    browser: Browser, room: Room, stack: Stack
) -> None:
    appointment = await booked(room, "Oda Kai", "16:00")
    await room.patch(f"/api/patients/{appointment['patient']['id']}", {"patient": {"birth_date": "1950-01-02"}})
    await account(room, stack, "Stranger Sam", "sam@example.org")
    async with desk(browser, room) as page:
        await at(page, "Oda Kai").focus()
        await page.keyboard.press("y")
        await fill_in(page, "sam@example.org", "PARENT", "Letter")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await expect(dialog(page).locator("#relation-error")).to_contain_text("counts as an adult here")
        await dialog(page).get_by_label("What the person is").select_option("CARER")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await expect(dialog(page).locator("#end-error")).to_contain_text(f"{NOW + 5} at the latest")
        await dialog(page).get_by_label("Last day").fill(f"{NOW + 1}-06-30")
        await dialog(page).get_by_role("button", name="Add", exact=True).press("Enter")
        await expect(dialog(page).locator("h2").first).to_have_text("Is this Stranger Sam?")
        await dialog(page).get_by_role("button", name="No, it is somebody else").press("Enter")
        await dialog(page).get_by_role("button", name="End it", exact=True).press("Enter")
        await expect(dialog(page).locator("li")).to_contain_text(["ended on"])


async def test_a_mistake_is_told_with_what_to_do_and_nothing_is_lost(
    browser: Browser, room: Room, stack: Stack
) -> None:
    own = await account(room, stack, "Wada Emi", "wada@example.org")
    await account(room, stack, "Wada Jun", "jun@example.org")
    async with desk(browser, room) as page:
        await find(page, "Wada Emi")
        await page.keyboard.press("y")
        await fill_in(page, "wada@example.org", "PARENT", "Passports")
        add = dialog(page).get_by_role("button", name="Add", exact=True)
        await add.press("Enter")
        await expect(dialog(page).locator(".error-summary")).to_contain_text("the whole date of birth is not known")
        await room.patch(f"/api/patients/{own}", {"patient": {"birth_date": f"{NOW - 8}-01-02"}})
        await add.press("Enter")
        await expect(dialog(page).locator("#email-error")).to_contain_text("This is the patient's own address")
        await dialog(page).get_by_label("Email").fill("jun@example.org")
        await add.press("Enter")
        await dialog(page).get_by_role("button", name="Yes, the name is right").press("Enter")
        await fill_in(page, "jun@example.org", "GUARDIAN", "Passports")
        await add.press("Enter")
        await expect(dialog(page).locator("#email-error")).to_contain_text("acts for the patient already")


@NEEDS_AXE
@pytest.mark.parametrize("lang", ["en", "ja"])
async def test_nothing_stands_in_the_way_of_adding_somebody(
    browser: Browser, room: Room, stack: Stack, lang: str
) -> None:
    await child(room, f"Endo {lang}")
    await account(room, stack, f"Endo Jun {lang}", f"endo-{lang}@example.org")
    async with desk(browser, room, lang=lang) as page:
        await find(page, f"Endo {lang}")
        await check_themes(page, "aside")
        await page.keyboard.press("y")
        await dialog(page).locator("button.primary").press("Enter")
        await dialog(page).locator("button.primary").press("Enter")
        await expect(dialog(page).locator(".error-summary")).to_be_visible()
        await check_themes(page, "dialog:last-of-type")
        await dialog(page).locator("#email").fill(f"endo-{lang}@example.org")
        await dialog(page).locator("#relation").select_option("PARENT")
        await dialog(page).locator("#evidence").fill("Papers")
        await dialog(page).locator("button.primary").press("Enter")
        await expect(dialog(page).locator("h2").first).to_contain_text(f"Endo Jun {lang}")
        await check_themes(page, "dialog:last-of-type")
        await dialog(page).locator(".actions button.primary").press("Enter")
        await expect(dialog(page).locator("li strong")).to_have_count(1)
        await check_themes(page, "dialog")
