"""The queue screen of a clinic in a real browser, behind Envoy: when each call was drawn on it."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page, expect

from tests.edge.envoys import NO_LIMITS, running_envoy, wait_for_readyz
from tests.fixtures.browser import chromium, opened

# What was called stands under "now serving", in the line of the last calls, or covers the lanes. The first frame that
# shows it is noted; what is greyed, because it may be out of date, does not count.
_NOTE = """() => {
    window.drawn = {};
    const note = () => requestAnimationFrame(() => {
        if (document.body.classList.contains("stale")) return;
        const places = [...document.querySelectorAll(".now strong, .now small, #recent, #call-ticket")];
        const text = places.filter((each) => each.checkVisibility()).map((each) => each.textContent).join(" ");
        for (const [label] of text.matchAll(/\\b[A-Z]+\\d+/g)) window.drawn[label] ??= Date.now();
    });
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(note).observe(document.body, all);
    note();
}"""


class QueueScreen:
    """The screen, from when it shows the clinic's lanes."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def drawn(self) -> dict[str, float]:
        """When each ticket that was called was first drawn, by its label, on the clock of time.monotonic()."""
        offset = time.time() - time.monotonic()
        found: dict[str, float] = await self._page.evaluate("window.drawn")
        return {label: milliseconds / 1000 - offset for label, milliseconds in found.items()}


@asynccontextmanager
async def queue_screen(addresses: Sequence[str], token: str) -> AsyncIterator[QueueScreen]:
    """The screen of the token's clinic, on a television, behind an Envoy with these workers."""
    workers = [(host, int(port)) for host, _, port in (each.partition(":") for each in addresses)]
    with (
        TemporaryDirectory(prefix="yoyaku-") as directory,
        running_envoy(Path(directory), workers=workers, limits=NO_LIMITS) as edge,
    ):
        wait_for_readyz(edge, 200)
        async with (
            chromium() as browser,
            opened(
                browser, f"{edge.url}/queue?lang=en#token={token}", viewport={"width": 1920, "height": 1080}
            ) as page,
        ):
            await expect(page.locator("#state")).to_have_text("Live")
            await page.evaluate(_NOTE)
            yield QueueScreen(page)
