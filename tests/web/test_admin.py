"""The administration in a real browser, on a real worker behind Envoy."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from tests.edge.clinic import Stack
from tests.fixtures.book import Book, Clock
from tests.fixtures.browser import opened
from tests.web.conftest import Room
from tests.web.desks import administration, booked, session
from yoyaku.v1.notification_pb2 import NotificationKind, NotificationOutcome
from yoyaku.v1.record_pb2 import RecordAccessBasis, RecordAccessKind

pytestmark = pytest.mark.asyncio(loop_scope="module")
DEAD = (
    "INSERT INTO notifications (id, kind, patient_id, version, channel, status, outcome, attempts, due_at, expires_at,"
    " created_at, updated_at) VALUES (gen_random_uuid(), 'contact_changed', %s, 1, 'email', 'dead', 'outcome_unknown',"
    " 5, %s, %s, %s, %s)"
)


def told(page: Page) -> Any:
    """What the bar at the bottom says."""
    return page.locator(".bar > p:not(:empty)")


async def test_the_day_is_told_in_figures(browser: Browser, room: Room, stack: Stack) -> None:
    await booked(room, "Endo Mari", "14:00")
    async with administration(browser, room, stack, "dashboard") as page:
        expected = page.locator(".tile").filter(has_text="Expected").locator(".figure")
        await expect(expected).to_have_text(re.compile(r"^[1-9]"))
        await expect(page.locator("main tbody th bdi").first).to_have_text("Mori Hana")
        charts = page.get_by_role("img")
        await expect(charts).to_have_count(4)
        await page.get_by_text("As a table").first.press("Enter")
        await expect(page.locator("figure details[open] tbody tr")).to_have_count(30)


async def test_a_dead_letter_is_sent_again_after_a_question(browser: Browser, room: Room, stack: Stack) -> None:
    now = datetime.now(UTC)
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="tests")
    await Book(engine, Clock(now)).run(DEAD, room.patient_id, now, now + timedelta(days=1), now, now)
    await engine.dispose()
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
        text = await page.locator("body").inner_text()
        account = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)[-1]
        if await page.get_by_role("dialog").count():
            await page.get_by_role("dialog").get_by_role("button", name="Close").press("Enter")
        await page.get_by_label("Account number").fill(account)
        await page.get_by_label("Action").select_option("disable")
        await page.get_by_role("button", name="Next").press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Disable").press("Enter")
        await expect(told(page)).to_have_text("The account is changed.")


async def test_rules_types_and_rooms_are_changed(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "policies") as page:
        await page.get_by_label("Time kept free after each visit").fill("5")
        await page.get_by_role("button", name="See what changes").press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Save").press("Enter")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(told(page)).to_have_text("Saved.")
        await page.get_by_label("Time kept free after each visit").fill("0")
        await page.get_by_role("button", name="See what changes").press("Enter")
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


async def test_nobody_but_admins_gets_in(browser: Browser, room: Room) -> None:
    state = session(room.edge.url, room.token, "STAFF", [room.clinic_id], page="admin")
    async with opened(browser, f"{room.edge.url}/admin/?lang=en", storage_state=state) as page:
        await expect(page.get_by_role("status")).to_contain_text("for administrators")
        assert await page.evaluate("localStorage.getItem('yoyaku.admin.session')") is None


async def test_every_value_has_a_word(browser: Browser, room: Room, stack: Stack) -> None:
    async with administration(browser, room, stack, "audit", lang="ja") as page:
        words = await page.evaluate(
            "async () => { const { EN } = await import('/admin/words/en.js');"
            " const { JA } = await import('/admin/words/ja.js'); return [EN, JA].map((each) =>"
            " ['noticeKinds', 'outcomes', 'accessKinds', 'bases'].map((name) => Object.keys(each[name]))); }"
        )
    prefixes = ("NOTIFICATION_KIND_", "NOTIFICATION_OUTCOME_", "RECORD_ACCESS_KIND_", "RECORD_ACCESS_BASIS_")
    enums = (NotificationKind, NotificationOutcome, RecordAccessKind, RecordAccessBasis)
    for language in words:
        for names, prefix, enum in zip(language, prefixes, enums, strict=True):
            values = {each.name.removeprefix(prefix) for each in enum.DESCRIPTOR.values}
            assert values - {"UNSPECIFIED"} <= set(names)
