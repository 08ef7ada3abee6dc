"""The page that the links of mails open: a first password, a new one, an address that is confirmed."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, expect

from server.local.servers.postgres import PostgresServer
from tests.edge.clinic import Stack, running_worker
from tests.edge.envoys import Edge
from tests.fixtures.browser import opened
from tests.fixtures.valkey import emptied

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "three quiet river stones"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
SOON = timedelta(hours=1)


@pytest.fixture(scope="module")
def stack(
    postgres_cluster: PostgresServer, template: str, valkey_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A worker whose mail carries links."""
    postgres_cluster.query(f"CREATE DATABASE links TEMPLATE {template}")
    directory = tmp_path_factory.mktemp("worker")
    url, valkey = postgres_cluster.url("links"), emptied(valkey_port)
    with running_worker(url, valkey, directory, public_url="https://book.example.org") as stack:
        yield stack
    postgres_cluster.query("DROP DATABASE links WITH (FORCE)")


def run(stack: Stack, statement: str, *values: object) -> None:
    with psycopg.connect(stack.environment["YOYAKU_DATABASE_URL"], autocommit=True) as database:
        database.execute(statement, values)


def invited(stack: Stack, edge: Edge, email: str) -> str:
    """The token in the mail to somebody who was invited, as if it had been sent."""
    body = {"email": email, "role": "ACCOUNT_ROLE_STAFF", "clinic_ids": [stack.clinic.clinic]}
    headers = {"authorization": f"Bearer {stack.clinic.tokens['admin']}"}
    answer = httpx.post(f"{edge.url}/api/auth/accounts:invite", json=body, headers=headers).json()
    assert answer["set_password_token"] == ""
    token = f"{answer['account_id']}.secret"
    values = hashlib.sha256(token.encode()).digest(), datetime.now(UTC) + SOON, answer["account_id"]
    run(stack, "UPDATE accounts SET one_time_hash = %s, one_time_until = %s WHERE id = %s", *values)
    return token


def signs_in(edge: Edge, email: str, password: str) -> bool:
    return httpx.post(f"{edge.url}/api/auth/login", json={"email": email, "password": password}).status_code == 200


async def test_an_invited_person_chooses_a_password_with_the_keyboard_alone(
    browser: Browser, stack: Stack, edge: Edge
) -> None:
    token = invited(stack, edge, "desk@example.org")
    async with opened(browser, f"{edge.url}/account/#invitation={token}", **PHONE) as page:
        sent = list[str]()
        page.on("request", lambda request: sent.append(request.url))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Choose a password")
        await page.keyboard.press("Tab")
        await page.keyboard.type("too short")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("at least 12 characters")
        await page.get_by_label("New password").fill("password1234")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("easy to guess")
        await page.get_by_label("New password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")
        assert "#" not in page.url
        assert not any("secret" in url for url in sent)
    assert signs_in(edge, "desk@example.org", PASSWORD)


async def test_a_used_link_says_so_and_another_is_one_click_away(browser: Browser, stack: Stack, edge: Edge) -> None:
    async with opened(browser, f"{edge.url}/account/#reset={uuid.uuid4()}.used") as page:
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_role("button", name="Set the password").click()
        await expect(page.get_by_role("alert")).to_contain_text("no longer works")
        await page.get_by_role("button", name="Ask for another link").click()
        await page.get_by_label("Email address").fill("nobody@example.org")
        await page.get_by_role("button", name="Send the link").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Look at your mail")


async def test_an_address_is_confirmed_by_the_button_and_not_by_opening_the_page(
    browser: Browser, stack: Stack, edge: Edge
) -> None:
    change, patient = str(uuid.uuid4()), stack.clinic.patient
    token = f"{change}.secret"
    row = change, patient, datetime.now(UTC) + SOON, hashlib.sha256(token.encode()).digest()
    columns = "(id, patient_id, kind, value, tries, expires_at, link_hash)"
    run(stack, f"INSERT INTO contact_changes {columns} VALUES (%s, %s, 'email', 'new@example.org', 0, %s, %s)", *row)  # noqa: S608
    async with opened(browser, f"{edge.url}/account/?lang=ja#address={token}", **PHONE, color_scheme="dark") as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("メールアドレスの確認")
        headers = {"authorization": f"Bearer {stack.clinic.tokens['staff']}"}

        def address() -> str:
            answer = httpx.get(f"{edge.url}/api/patients/{patient}", headers=headers).json()
            return str(answer["patient"]["email"])

        assert address() != "new@example.org"
        await page.get_by_role("button", name="このアドレスを確認する").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("メールアドレスを確認しました")
        assert address() == "new@example.org"


async def test_the_other_language_keeps_the_link(browser: Browser, stack: Stack, edge: Edge) -> None:
    async with opened(browser, f"{edge.url}/account/#reset={uuid.uuid4()}.secret") as page:
        await page.get_by_role("button", name="日本語").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("新しいパスワードの設定")
        await expect(page.locator("html")).to_have_attribute("lang", "ja")
