"""What a page weighs, and when it appears."""

import pytest
from playwright.async_api import Page

LOADED = """async () => ({
    paint: await new Promise((resolve) => {
        const painted = (list) => {
            for (const each of list.getEntriesByName("first-contentful-paint")) resolve(each.startTime);
        };
        new PerformanceObserver(painted).observe({ type: "paint", buffered: true });
    }),
    files: performance.getEntriesByType("resource").filter(({ name }) => !/[/]api[/]|[.]json$/.test(name)),
    page: performance.getEntriesByType("navigation")[0].encodedBodySize,
})"""


async def is_small(page: Page, name: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether a page without its data is under 150 KB, packed and unpacked; prints its figures."""
    found = await page.evaluate(LOADED)
    size = found["page"] + sum(each["encodedBodySize"] for each in found["files"])
    plain = sum(each["decodedBodySize"] for each in found["files"])
    with capsys.disabled():
        told = f"{size:,} bytes ({plain:,} uncompressed), {len(found['files']) + 1} requests"
        print(f"\n/{name}: {told}, {found['paint']:.0f} ms to the first paint")  # noqa: T201
    return bool(size < 150_000 and plain < 150_000)
