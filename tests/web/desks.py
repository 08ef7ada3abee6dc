"""The pages of staff in a browser, for their tests."""

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from tests.edge.clinic import Stack
from tests.fixtures.book import Book, Clock
from tests.fixtures.browser import opened
from tests.web.conftest import Room

DEAD = (
    "INSERT INTO notifications (id, kind, patient_id, version, channel, status, outcome, attempts, due_at, expires_at,"
    " created_at, updated_at) VALUES (gen_random_uuid(), 'contact_changed', %s, 1, 'email', 'dead', 'outcome_unknown',"
    " 5, %s, %s, %s, %s)"
)


def session(
    url: str, token: str, role: str, clinic_ids: list[str], doctor_id: str = "", page: str = "desk"
) -> dict[str, Any]:
    """What a browser keeps of somebody who has signed in to a page."""
    account: dict[str, Any] = {"id": "", "email": "", "roles": [f"ACCOUNT_ROLE_{role}"], "clinic_ids": clinic_ids}
    account |= {"all_clinics": False, "patient_id": "", "doctor_id": doctor_id}
    tokens = {"access": token, "refresh": "", "endsAt": time.time() * 1000 + 600_000, "account": account}
    kept = {"name": f"yoyaku.{page}.session", "value": json.dumps(tokens)}
    return {"cookies": [], "origins": [{"origin": url, "localStorage": [kept]}]}


@asynccontextmanager
async def desk(browser: Browser, room: Room, lang: str = "en", **how: Any) -> AsyncIterator[Page]:
    """A desk of the clinic whose day is shown."""
    state = session(room.edge.url, room.token, "STAFF", [room.clinic_id])
    how = {"viewport": {"width": 1440, "height": 900}, "storage_state": state} | how
    async with opened(browser, f"{room.edge.url}/desk/?lang={lang}", **how) as page:
        await expect(page.locator(".day section")).to_have_count(len(room.doctor_ids))
        await expect(page.locator(":focus")).to_have_class(re.compile("block"))
        await loaded(page)
        yield page


@asynccontextmanager
async def administration(
    browser: Browser, room: Room, stack: Stack, part: str, lang: str = "en", **how: Any
) -> AsyncIterator[Page]:
    """A part of the administration of the clinic whose day is shown."""
    state = session(room.edge.url, stack.clinic.tokens["admin"], "ADMIN", [], page="admin")
    state["origins"][0]["localStorage"].append({"name": "yoyaku.admin.clinic", "value": room.clinic_id})
    how = {"viewport": {"width": 1440, "height": 900}, "storage_state": state} | how
    async with opened(browser, f"{room.edge.url}/admin/?lang={lang}#{part}", **how) as page:
        await expect(page.locator("main h1")).to_be_visible()
        yield page


async def loaded(page: Page) -> None:
    """Wait for the acts of a desk: a test types faster than they are loaded after the day."""
    await page.evaluate("import('/desk/acts/all.js')")


def told(page: Page) -> Locator:
    """What the bar at the bottom says."""
    return page.locator(".bar > p:not(:empty)")


def offered(page: Page) -> Locator:
    """What a field that searches offers."""
    return page.locator("[role='option']")


def at(page: Page, text: str, column: int = 0) -> Locator:
    """The block with a time of day, or of a patient."""
    shown = page.locator(".when, bdi").filter(has_text=text)
    return page.locator(".day section").nth(column).locator(".block").filter(has=shown)


def typed(code: str) -> str:
    """A code as a Japanese keyboard gives it to somebody who listens: in full width, with all that may be between."""
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    return f"{wide[:2]}\u3000{wide[2:4]}\u30fc{wide[4:5]}\uff3f{wide[5:]}"


async def patient(room: Room, name: str) -> str:
    return str((await room.post("/api/patients", {"name": name}))["patient"]["id"])


async def booked(room: Room, name: str, time_slot: str, column: int = 0, reason: str = "") -> dict[str, Any]:
    """An appointment of a new patient."""
    body = {"patient_id": await patient(room, name), "doctor_id": room.doctor_ids[column], "date": room.today}
    answer = await room.post("/api/appointments", body | {"time_slot": time_slot, "reason": reason})
    found: dict[str, Any] = answer["appointment"]
    return found


async def column_of(page: Page, room: Room, doctor_id: str) -> int:
    ids = await page.locator(".day section h2").evaluate_all("all => all.map((each) => each.id)")
    return int(ids.index(f"doctor-{doctor_id}"))


async def dead_letter(room: Room, stack: Stack) -> None:
    """A notice that may have been sent, which nobody knows."""
    now = datetime.now(UTC)
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="tests")
    await Book(engine, Clock(now)).run(DEAD, room.patient_id, now, now + timedelta(days=1), now, now)
    await engine.dispose()
