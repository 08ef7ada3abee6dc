"""What tests of a sign-out need: calls that end late, and a page that stays to be looked at."""

import asyncio
import re

from playwright.async_api import APIResponse, Page, Route

from tests.fixtures.waiting import until

HOME = re.compile(r"/(\?lang=..)?$")
# What a browser says that shows a page again as it was. Those of today keep no page with `no-store`, as these are.
KEPT = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
REFUSED = {
    "code": 16,
    "message": "",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SESSION_ENDED"}],
}


class Held:
    """Requests that have no answer until they are let go."""

    def __init__(self, status: int = 0) -> None:
        self._status = status
        self._free = asyncio.Event()
        self.arrived = asyncio.Event()
        self.answers: list[APIResponse] = []
        self._asked = self._answered = 0

    async def __call__(self, route: Route) -> None:
        """Refuse with a status, or pass on what the server answers."""
        self._asked += 1
        if not self._status:
            self.answers.append(answer := await route.fetch())
        self.arrived.set()
        await self._free.wait()
        if self._status:
            await route.fulfill(status=self._status, json=REFUSED)
        else:
            await route.fulfill(response=answer)
        self._answered += 1

    async def let_go(self, page: Page) -> None:
        """Let all go, and wait until the page has taken the answers in."""
        self._free.set()

        async def all_answered() -> bool:
            return self._answered == self._asked

        await until(all_answered)
        await page.evaluate("fetch('/shared/api.js').then((answer) => answer.text())")


async def stays(page: Page) -> None:
    """Let no other page come: what the old one still does is seen."""
    await page.route(HOME, lambda route: route.fulfill(status=204))


async def sign_out(page: Page, name: str = "Sign out") -> None:
    await page.get_by_role("button", name=name).click(no_wait_after=True)


async def kept(page: Page, name: str = "patient") -> object:
    return await page.evaluate(f"localStorage.getItem('yoyaku.{name}.session')")
