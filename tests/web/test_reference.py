"""The API reference in a real browser; it needs no worker."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from server.edge.pages import OPENAPI
from tests.edge.envoys import Edge, running_envoy
from tests.fixtures.browser import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILE = json.loads(OPENAPI.read_text())
OPERATIONS = {each["operationId"]: each for verbs in FILE["paths"].values() for each in verbs.values()}
PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_envoy(tmp_path_factory.mktemp("an edge"), workers=[]) as edge:
        yield edge


@asynccontextmanager
async def reference(browser: Browser, edge: Edge, address: str = "", **how: Any) -> AsyncIterator[Page]:
    async with opened(browser, f"{edge.url}/reference{address}", **how) as page:
        await expect(page.locator("#calls > section > details")).not_to_have_count(0)
        yield page


async def test_every_call_is_there_with_its_parameters_answers_and_errors(browser: Browser, edge: Edge) -> None:
    async with reference(browser, edge) as page:
        shown = await page.locator("#calls > section:not(#errors) > details").evaluate_all("all => all.map(e => e.id)")
        assert sorted(shown) == sorted(OPERATIONS)
        await page.locator("#calls > section > details > summary").evaluate_all("all => all.forEach(e => e.click())")
        for name, operation in OPERATIONS.items():
            text = await page.locator(f"#{name}").inner_text()
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            schema = FILE["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], {})
            fields = [each["name"] for each in operation.get("parameters", ())] + list(schema.get("properties", ()))
            assert [field for field in fields if field not in text] == [], name
            assert f"{operation['tags'][0]}/{name}" in text
        booking = page.locator("#CreateAppointment")
        for words in ("Answer: 201", "SLOT_TAKEN", "Location, ETag", '"time_slot": "09:30"'):
            await expect(booking).to_contain_text(words)
        taken = booking.locator("details").filter(has_text="SLOT_TAKEN")
        await taken.locator("summary").click()
        await expect(taken).to_contain_text("yoyaku.v1.AlternativeSlots")
        await expect(page.locator("#errors")).to_contain_text("RATE_LIMITED")


async def test_the_search_knows_names_paths_fields_and_errors(browser: Browser, edge: Edge) -> None:
    async with reference(browser, edge) as page:
        shown = page.locator("#calls > section > details:visible")
        for words, found in (
            ("retrynotification", ["RetryNotification"]),
            ("post /api/auth/login", ["Login"]),
            ("recurrence", ["CreateAppointmentSeries"]),
            ("slot_taken nearest walk-in", ["CreateAppointment"]),
        ):
            await page.locator("#search").fill(words)
            await expect(shown).to_have_count(len(found))
            assert await shown.evaluate_all("all => all.map(e => e.id)") == found
            await expect(page.locator("#services li:visible")).to_have_count(len(found))
            await expect(page.locator("#services details:visible")).to_have_count(len(found))
        await page.locator("#search").fill("no such call")
        await expect(page.locator("#found")).to_contain_text("Nothing found")
        await page.locator("#search").fill("")
        await expect(page.locator("#calls > section:not(#errors) > details:visible")).to_have_count(len(OPERATIONS))


async def test_an_address_opens_the_call_that_it_names(browser: Browser, edge: Edge) -> None:
    async with reference(browser, edge, "#WatchSlots") as page:
        await expect(page.locator("#WatchSlots")).to_contain_text("a stream of server-sent events")
        await expect(page.locator("#WatchSlots")).to_be_in_viewport()
        await page.locator("nav").get_by_text("Login", exact=True).click()
        await expect(page.locator("#Login")).to_contain_text("Needs no token")


@pytest.mark.parametrize("address", ["/developers", "/reference", "/reference#CreateAppointment"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_the_whole_width_in_either_colour(
    browser: Browser, edge: Edge, address: str, scheme: str
) -> None:
    async with opened(browser, edge.url + address, color_scheme=scheme, **PHONE) as page:
        await expect(page.locator("h1")).to_be_visible()
        if "#" in address:
            await expect(page.locator("#CreateAppointment")).to_contain_text("patient_id")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert light is (scheme == "light")


async def test_the_reference_is_small(browser: Browser, edge: Edge) -> None:
    async with reference(browser, edge) as page:
        sizes = await page.evaluate(
            "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)).map(e => e.transferSize)"
        )
    assert len(sizes) > 5
    assert sum(sizes) < 150_000
