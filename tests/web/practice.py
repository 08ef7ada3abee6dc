"""A clinic with patients who have passwords, and the patients' page in a browser."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from db.postgres.cluster.engines import create_engine
from server.config import Settings, load
from server.usecases.identity.passwords import HASHER
from tests.edge.clinic import Stack
from tests.edge.envoys import Edge
from tests.fixtures.book import Book, Clock
from tests.fixtures.browser import opened
from tests.fixtures.waiting import until

PASSWORD = "correct horse battery staple"  # of people who exist only here
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
TELEPHONE = "+81312340000"


@dataclass
class Practice:
    """A clinic that offers types of appointment."""

    edge: Edge
    book: Book
    zone: str
    clinic_id: str = ""
    doctor_id: str = ""
    patients: dict[str, str] = field(default_factory=dict)
    """Ids of patients by the email that they sign in with."""

    @property
    def tomorrow(self) -> str:
        return str(datetime.now(ZoneInfo(self.zone)).date() + timedelta(days=1))

    async def fill(self) -> None:
        self.clinic_id = await self.book.clinic(self.zone, cancel_by_minutes=60)
        await self.book.run("UPDATE clinics SET phone = %s WHERE id = %s", TELEPHONE, self.clinic_id)
        self.doctor_id = await self.book.doctor(self.clinic_id, [("09:00", "12:00"), ("13:00", "18:00")])
        await self.book.appointment_type(self.clinic_id, 60, name="Check-up", name_ja="健康診断")

    async def patient(self, name: str = "Sato Ken") -> str:
        """Somebody who can sign in; the email."""
        patient_id = await self.book.patient(name, phone="+81312345678", email="ken@example.org")
        account_id = await self.book.account("patient", patient_id=patient_id)
        await self.book.run("UPDATE accounts SET password_hash = %s WHERE id = %s", HASH, account_id)
        ((email,),) = await self.book.rows("SELECT email FROM accounts WHERE id = %s", account_id)
        self.patients[str(email)] = patient_id
        return str(email)

    async def child(self, email: str, name: str, born: str, relation: str = "PARENT") -> str:
        """Another patient, for whom the patient who signs in with this email acts from now on; its id."""
        child_id = await self.book.patient(name, email="parents@example.org")
        await self.book.run("UPDATE patients SET birth_date = %s WHERE id = %s", born, child_id)
        await self.represent(email, child_id, relation)
        return child_id

    async def represent(self, email: str, patient_id: str, relation: str, end_date: str = "") -> None:
        """An admin lets the patient who signs in with this email act for another."""
        admin_id = await self.book.account("admin")
        await self.book.run("UPDATE accounts SET password_hash = %s WHERE id = %s", HASH, admin_id)
        ((admin,),) = await self.book.rows("SELECT email FROM accounts WHERE id = %s", admin_id)
        wanted = {"email": email, "relation": f"REPRESENTATIVE_RELATION_{relation}", "end_date": end_date}
        wanted |= {"clinic_id": self.clinic_id, "note": "birth certificate"}
        async with httpx.AsyncClient(base_url=self.edge.url, timeout=20) as http:
            login = await http.post("/api/auth/login", json={"email": admin, "password": PASSWORD})
            token = {"authorization": f"Bearer {login.json()['access_token']}"}
            added = await http.post(f"/api/patients/{patient_id}/representatives", json=wanted, headers=token)
        added.raise_for_status()

    async def later(self) -> None:
        """Wait for the next second: which of a token and a right came first is known for whole seconds."""
        now = int(time.time())

        async def is_later() -> bool:
            return int(time.time()) > now

        await until(is_later)

    async def no_longer(self, email: str, patient_id: str) -> None:
        """Who signs in with this email stops acting for a patient; tokens that carry it are refused from now on."""
        async with httpx.AsyncClient(base_url=self.edge.url, timeout=20) as http:
            login = await http.post("/api/auth/login", json={"email": email, "password": PASSWORD})
            token = {"authorization": f"Bearer {login.json()['access_token']}"}
            represents = (await http.get("/api/auth/me", headers=token)).json()["account"]["represents"]
            (ended,) = [each["id"] for each in represents if each["patient"]["id"] == patient_id]
            (await http.post(f"/api/representatives/{ended}:end", json={}, headers=token)).raise_for_status()

            async def refused() -> bool:
                return (await http.get("/api/auth/me", headers=token)).status_code == httpx.codes.UNAUTHORIZED

            await until(refused)

    async def series(self, email: str, time_slot: str, count: int) -> str:
        """Book a patient on as many days a week apart, from tomorrow on; the id of the first appointment."""
        async with httpx.AsyncClient(base_url=self.edge.url, timeout=20) as http:
            login = await http.post("/api/auth/login", json={"email": email, "password": PASSWORD})
            wanted = {
                "patient_id": self.patients[email],
                "doctor_id": self.doctor_id,
                "date": self.tomorrow,
                "time_slot": time_slot,
                "recurrence": {"frequency": "FREQUENCY_WEEKLY", "count": count},
            }
            token = {"authorization": f"Bearer {login.json()['access_token']}"}
            answer = await http.post("/api/appointments:series", json=wanted, headers=token)
        return str(answer.raise_for_status().json()["occurrences"][0]["appointment"]["id"])

    async def booked(self, email: str) -> list[tuple[object, ...]]:
        """The patient's appointments that are not over: their states and starts."""
        statement = """
        SELECT status, lower(during) FROM appointments
        WHERE patient_id = %s AND status IN ('held', 'scheduled') ORDER BY lower(during)
        """
        return await self.book.rows(statement, self.patients[email])

    def address(self, view: str, **query: str) -> str:
        return f"/?lang=en#/{view}?{httpx.QueryParams(query)}"


HASH = HASHER.hash(PASSWORD)


@asynccontextmanager
async def opened_practice(stack: Stack, edge: Edge) -> AsyncIterator[Practice]:
    settings = load(Settings, stack.environment)
    engine = create_engine(settings.database_url.get_secret_value(), size=2, wait_seconds=5, application="tests")
    practice = Practice(edge, Book(engine, Clock(datetime.now(UTC))), zone())
    await practice.fill()
    yield practice
    await engine.dispose()


def zone() -> str:
    """Where it is about ten in the morning: no day ends during a test."""
    ahead = (10 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # whose signs are those of POSIX


@asynccontextmanager
async def signed_in(browser: Browser, practice: Practice, email: str, address: str, **how: Any) -> AsyncIterator[Page]:
    """The patients' page, on which somebody has signed in."""
    async with opened(browser, practice.edge.url + address, **{"timezone_id": practice.zone, **how}) as page:
        await sign_in(page, email)
        yield page


async def sign_in(page: Page, email: str) -> None:
    await page.locator("#email").fill(email)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")
    await expect(page.locator("#password")).to_have_count(0)


def times(page: Page, day: str = "") -> Locator:
    """The times of a week that can be chosen; those of a day, if one is named."""
    return page.locator(f'section[aria-labelledby^="day-{day}"] .time:not([aria-disabled])')


def slot(page: Page, day: str, time_slot: str) -> Locator:
    return page.locator(f'section[aria-labelledby="day-{day}"] .time', has_text=time_slot)
