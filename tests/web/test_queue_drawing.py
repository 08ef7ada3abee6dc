"""What the queue screen draws: in every size, language and theme all of it can be seen and read."""

from typing import Any

import pytest
from playwright.async_api import Browser

from tests.edge.envoys import Edge
from tests.web.test_drawing import COLOURS, NAMES, SIZES, blank, contrast

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOMS = ["Room 3", "レントゲン室(2階)", "Consulting room of the second floor, left"]
DRAW = """async ([lanes, lang, theme, call, since]) => {
    const { View } = await import("/queue/view.js");
    const { WallClock } = await import("/shared/wall_clock.js");
    const { words } = await import("/board/words.js");
    const { queueWords } = await import("/queue/words.js");
    document.documentElement.lang = lang;
    document.documentElement.dataset.theme = theme;
    const view = new View(words(lang), queueWords(lang)), wall = new WallClock(lang, "Asia/Tokyo");
    view.pairing("");
    view.message("");
    view.head("Kaede Clinic", wall, Date.parse("2026-03-03T01:20:00Z"));
    view.live(since, "");
    view.announce(["x".repeat(40), "予防接種は4番診察室で行っています。"]);
    view.recent(view.pages(lanes.length) > 1 ? lanes.flatMap((lane) => lane.now_serving).slice(0, 5) : []);
    view.call(call, "");
    view.lanes(lanes, new Map(), 0, (id) => id === "1");
}"""
CUT_OFF = """() => [...document.querySelectorAll("#lanes :is(strong, small, b), #call p, #announcement, #notice")]
    .filter((each) => each.checkVisibility())
    .filter((each) => {
        const box = each.getBoundingClientRect();
        const around = (each.closest("#lanes > li, #call") ?? document.body).getBoundingClientRect();
        const sees = box.bottom <= around.bottom + 1 && box.top >= around.top - 1 && box.right <= around.right + 1;
        return !sees || each.scrollWidth > each.clientWidth + 1 || around.bottom > innerHeight;
    })
    .map((each) => each.textContent)"""


def ticket(label: str, room: str = "", minutes: int = 0) -> dict[str, Any]:
    wait = {"shortest_minutes": minutes, "longest_minutes": 2 * minutes + 9} if minutes else None
    return {"id": label, "label": label, "room": room, "calls": 1, "call_time": None, "expected_wait": wait}


def lanes(count: int) -> list[dict[str, Any]]:
    """Lanes of all kinds, with long names and numbers."""
    return [
        {
            "lane_id": str(number),
            "letter": (letter := chr(ord("A") + number)),
            "doctor_name": NAMES[number % len(NAMES)],
            "clinic_id": "",
            "closed": number % 5 == 4,
            "delay_minutes": 13 * (number % 3),
            "now_serving": [ticket(f"{letter}{890 + each}", ROOMS[(number + each) % 3]) for each in range(number % 5)],
            "waiting": [ticket(f"{letter}{900 + each}", "", 25 * each) for each in range(2 * (number % 5))],
        }
        for number in range(count)
    ]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_nothing_is_cut_off(browser: Browser, edge: Edge, size: tuple[int, int]) -> None:
    viewport = {"width": size[0], "height": size[1]}
    async with blank(browser, edge, name="queue", viewport=viewport, reduced_motion="reduce") as page:
        for count in (1, 3, 5, 12):
            for lang, since in (("en", ""), ("ja", "10:05")):
                await page.evaluate(DRAW, [lanes(count), lang, "", None, since])
                assert await page.evaluate(CUT_OFF) == [], (count, lang)
        for room in ROOMS:
            await page.evaluate(DRAW, [lanes(3), "ja", "", {"label": "AB999", "room": room, "doctor": NAMES[1]}, ""])
            assert await page.evaluate(CUT_OFF) == [], room


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_text_stands_out_from_what_is_behind_it(browser: Browser, edge: Edge, theme: str) -> None:
    async with blank(browser, edge, name="queue", reduced_motion="reduce") as page:
        call = {"label": "A12", "room": "Room 3", "doctor": "Mori Hana"}
        for shown in (None, call):
            await page.evaluate(DRAW, [lanes(6), "en", theme, shown, ""])
            found = await page.evaluate(COLOURS)
            assert len(found) > 10
            assert [text for text, colour, behind in found if contrast(colour, behind) < 4.5] == []
