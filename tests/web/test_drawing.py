"""What the board draws: in every size, language and theme all of it can be seen and read."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.edge.envoys import Edge

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = [
    "Mori Hana",
    "Dr. Elizabeth Montgomery-Smith",
    "佐藤 健一",
    "Maria da Conceição Albuquerque",
    "James O'Connor",
    "Wolfeschlegelsteinhausenbergerdorff",
    "エリザベス・モンゴメリー＝スミス",
]
DOINGS = ["busy", "ready", "away", "pause", "later", "done", "absent", "unknown"]
SIZES = [(1920, 1080), (1280, 720), (3840, 2160), (1080, 1920), (1024, 768)]
DRAW = """async ([rows, lang, since]) => {
    const { View } = await import("/board/view.js");
    const { words } = await import("/board/words.js");
    const { WallClock } = await import("/shared/wall_clock.js");
    const view = new View(words(lang)), wall = new WallClock(lang, "Asia/Tokyo");
    const now = Date.parse("2026-03-03T01:20:00Z");
    view.pairing("");
    view.message("");
    view.head("Kaede Clinic of Internal Medicine", wall, now);
    view.live(since, "");
    view.table(rows, wall, 0);
}"""
CUT_OFF = """() => [...document.querySelectorAll("h1, p, li, time, th, strong, small")]
    .filter((each) => each.checkVisibility() && !each.closest(".cards thead"))
    .filter((each) => {
        const box = each.getBoundingClientRect();
        const row = (each.closest("tbody tr") ?? document.body).getBoundingClientRect();
        return each.scrollWidth > each.clientWidth + 1 || box.bottom > row.bottom + 1 || box.right > row.right + 1;
    })
    .map((each) => each.textContent)"""
COLOURS = """() => [...document.querySelectorAll("h1, p, li, time, th, strong, small")]
    .filter((each) => each.checkVisibility() && each.textContent.trim() && !each.children.length)
    .map((each) => {
        let behind = each;
        while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
        return [each.textContent, getComputedStyle(each).color, getComputedStyle(behind).backgroundColor];
    })"""


TEXT_SIZES = """() => [...document.querySelectorAll("#rows td:nth-child(2) strong")]
    .map((each) => parseFloat(getComputedStyle(each).fontSize))"""
FILLED = """() => {
    const texts = [...document.querySelectorAll("#rows tr:first-child :is(strong, td)")]
        .map((each) => each.getBoundingClientRect());
    const height = Math.max(...texts.map((box) => box.bottom)) - Math.min(...texts.map((box) => box.top));
    return height / document.querySelector("#rows tr").clientHeight;
}"""
RANKS = """async (all) => {
    const { rank } = await import("/board/day.js");
    return all.map((doing) => rank({ doing }));
}"""
MARKS = """() => [
    [...document.querySelectorAll("#rows tr")].map((row) => getComputedStyle(row).borderLeftColor),
    [...document.querySelectorAll("#legend li")].map((each) => getComputedStyle(each, "::before").backgroundColor),
]"""


def rows(count: int) -> list[dict[str, Any]]:
    """Doctors of all kinds."""
    return [
        {
            "name": NAMES[number % len(NAMES)],
            "specialty": ["Otorhinolaryngology", "内科"][number % 2],
            "present": {
                "doing": DOINGS[number % len(DOINGS)],
                "until": 1_772_501_400_000 if number % len(DOINGS) in {0, 2, 3, 4} else None,
                "next": "10:30" if number % 3 else "",
                "free": number,
                "firstFree": "11:00" if number else "",
            },
        }
        for number in range(count)
    ]


@asynccontextmanager
async def blank(
    browser: Browser, edge: Edge, address: str = "", name: str = "board", **how: Any
) -> AsyncIterator[Page]:
    """The page without the program that fills it."""
    context = await browser.new_context(**how)
    await context.route(f"**/{name}/{name}.js", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(f"{edge.url}/{name}{address}")
    yield page
    await context.close()


async def draw(page: Page, count: int, lang: str, since: str = "") -> None:
    await page.evaluate(DRAW, [rows(count), lang, since])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_everything_fits(browser: Browser, edge: Edge, size: tuple[int, int]) -> None:
    viewport = {"width": size[0], "height": size[1]}
    async with blank(browser, edge, viewport=viewport) as page:
        for count in (1, 2, 3, 7, 12, 24):
            for lang in ("en", "ja"):
                for since in ("", "2026-03-03 10:15"):
                    await draw(page, count, lang, since)
                    assert await page.evaluate(CUT_OFF) == [], (count, lang, since)


async def test_many_doctors_take_turns(browser: Browser, edge: Edge) -> None:
    async with blank(browser, edge) as page:
        await draw(page, 24, "en")
        assert await page.locator("#rows tr").count() == 6
        assert await page.locator("#page").inner_text() == "Page 1 of 4"
        await draw(page, 3, "en")
        assert await page.locator("#rows tr").count() == 3
        assert not await page.locator("#page").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_text_has_the_contrast_that_wcag_aa_asks_for(browser: Browser, edge: Edge, theme: str) -> None:
    async with blank(browser, edge, color_scheme=theme) as page:
        await page.emulate_media(reduced_motion="reduce")
        for since in ("", "10:15"):
            await draw(page, 8 if theme == "dark" else 3, "en", since)
            for text, ink, paper in await page.evaluate(COLOURS):
                assert contrast(ink, paper) >= 4.5, (text, ink, paper, since)


def contrast(ink: str, paper: str) -> float:
    """The ratio of two colours, as WCAG 2 defines it."""
    bright, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_one_or_two_doctors_fill_the_screen(browser: Browser, edge: Edge, size: tuple[int, int]) -> None:
    viewport = {"width": size[0], "height": size[1]}
    async with blank(browser, edge, viewport=viewport) as page:
        for lang in ("en", "ja"):
            await draw(page, 7, lang)
            [table, *_] = await page.evaluate(TEXT_SIZES)
            for count in (1, 2):
                await draw(page, count, lang)
                sizes = await page.evaluate(TEXT_SIZES)
                assert min(sizes) >= 1.3 * table, (lang, count)
                assert await page.evaluate(FILLED) >= 0.6, (lang, count)


async def test_what_doctors_do_is_as_large_for_each_of_them(browser: Browser, edge: Edge) -> None:
    async with blank(browser, edge) as page:
        await draw(page, 8, "en")
        assert len(set(await page.evaluate(TEXT_SIZES))) == 1


async def test_the_legend_has_the_colours_of_the_rows(browser: Browser, edge: Edge) -> None:
    async with blank(browser, edge) as page:
        await page.emulate_media(reduced_motion="reduce")
        await draw(page, 3, "en")
        assert await page.locator("#legend li").all_inner_texts() == [
            "With a patient",
            "On duty",
            "At another clinic",
            "On a break, or not in now",
        ]
        rows, legend = await page.evaluate(MARKS)
        assert rows == legend[:3]
        assert len(set(legend)) == 4


async def test_doctors_on_duty_come_first(browser: Browser, edge: Edge) -> None:
    async with blank(browser, edge) as page:
        ranks = await page.evaluate(RANKS, ["busy", "ready", "away", "pause", "later", "unknown", "done", "absent"])
        assert ranks == [0, 0, 1, 1, 2, 3, 4, 4]


PRESENT = """async ([slots, at, today]) => {
    const { present } = await import("/board/day.js");
    const time = (day, wall) => `${day}T${wall}:00Z`;
    const days = Object.entries(slots).map(([date, all]) => ({
        date,
        slots: all.map(([start, until, state]) => ({
            time_slot: start, start_time: time(date, start), state: `SLOT_STATE_${state}`,
            end_time: until > start ? time(date, until) : time(today, until),
        })),
    }));
    const found = present(days, Date.parse(at), today);
    return [found.doing, found.until && new Date(found.until).toISOString().slice(11, 16), found.next, found.free];
}"""
SHIFT = [
    ("09:00", "09:30", "TAKEN"),
    ("09:30", "10:00", "PAST"),
    ("11:00", "11:30", "FREE"),
    ("11:30", "12:00", "TAKEN"),
    ("12:00", "12:30", "FREE"),
]


@pytest.mark.parametrize(
    ("days", "at", "expected"),
    [
        ({"2026-03-03": SHIFT}, "08:59", ["later", "09:00", "09:00", 2]),
        ({"2026-03-03": SHIFT}, "09:00", ["busy", "09:30", "11:30", 2]),
        ({"2026-03-03": SHIFT}, "09:30", ["ready", None, "11:30", 2]),
        ({"2026-03-03": SHIFT}, "10:00", ["pause", "11:00", "11:30", 2]),
        ({"2026-03-03": SHIFT}, "11:00", ["ready", None, "11:30", 1]),
        ({"2026-03-03": SHIFT}, "12:30", ["done", None, "", 0]),
        ({"2026-03-03": [("09:00", "09:30", "ELSEWHERE"), *SHIFT[2:]]}, "09:10", ["away", "09:30", "11:30", 2]),
        ({"2026-03-03": []}, "10:00", ["absent", None, "", 0]),
        ({"2026-03-02": SHIFT}, "10:00", ["unknown", None, "", 0]),
        ({"2026-03-02": [("23:30", "00:30", "TAKEN")], "2026-03-03": []}, "00:10", ["busy", "00:30", "", 0]),
    ],
)
async def test_what_a_day_says_at_a_moment(
    browser: Browser, edge: Edge, days: dict[str, Any], at: str, expected: list[Any]
) -> None:
    async with blank(browser, edge) as page:
        assert await page.evaluate(PRESENT, [days, f"2026-03-03T{at}:00Z", "2026-03-03"]) == expected
