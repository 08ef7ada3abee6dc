"""Answers that come late to the administration are not shown where something else was asked for since."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from tests.edge.clinic import Stack
from tests.fixtures.waiting import until
from tests.web.conftest import Room
from tests.web.desks import administration, offered, patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


class First:
    """The first call of an address waits until it is let go; those after it do not."""

    def __init__(self, page: Page, address: re.Pattern[str]) -> None:
        self.page, self.address = page, address
        self.route: Route | None = None

    async def __aenter__(self) -> "First":
        await self.page.route(self.address, self.take)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.page.unroute_all(behavior="ignoreErrors")

    async def take(self, route: Route) -> None:
        if self.route is None:
            self.route = route
        else:
            await route.continue_()

    async def comes(self) -> bool:
        return self.route is not None

    async def let_go(self) -> None:
        """Let it go, and wait until the page has had its answer."""
        await until(self.comes)
        assert self.route
        mine = self.route.request

        def is_mine(request: Request) -> bool:
            return request == mine

        async with self.page.expect_request_finished(is_mine):
            await self.route.continue_()
        await self.page.evaluate("fetch('/shared/api.js').then((later) => later.text())")


async def choose(page: Page, field: Locator, name: str) -> None:
    await field.fill(name)
    await expect(offered(page).first).to_contain_text(name)
    await field.press("Enter")


async def test_the_log_is_that_of_the_patient_who_was_chosen_last(browser: Browser, room: Room, stack: Stack) -> None:
    for name in ("Quinn Eva", "Quirk Max"):
        await patient(room, name)
    async with (
        administration(browser, room, stack, "audit") as page,
        First(page, re.compile(":accessLog")) as first,
    ):
        field = page.locator("input[role='combobox']")
        await choose(page, field, "Quinn Eva")
        await choose(page, field, "Quirk Max")
        await expect(page.locator("main h2")).to_have_text("Quirk Max")
        await first.let_go()
        await expect(page.locator("main h2")).to_have_text("Quirk Max")


async def test_notices_are_those_of_the_status_that_was_chosen_last(browser: Browser, room: Room, stack: Stack) -> None:
    async with (
        administration(browser, room, stack, "displays") as page,
        First(page, re.compile(r"/api/notifications\?")) as first,
    ):
        await page.evaluate("location.hash = 'notices'")
        await until(first.comes)
        await page.locator("#notice-status").select_option("SENT")
        await expect(page.locator("main .message.good")).to_be_visible()
        await page.evaluate("document.querySelector('main tbody').append(document.createElement('tr'))")
        await first.let_go()
        await expect(page.locator("main tbody tr")).to_have_count(1)
