"""The queue screen and the ticket in a real browser, on a real worker behind Envoy."""

import hashlib
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import opened
from tests.fixtures.waiting import until
from tests.web.conftest import Room

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOST = re.compile(r"No connection . as of \d\d:\d\d\. Trying again\.")
# Chromium without a window has no voices: what is spoken is written down, and takes a moment.
SPEECH = """
window.spoken = [];
window.atOnce = 0;
speechSynthesis.speak = (speech) => {
    window.spoken.push([speech.lang, speech.text]);
    window.atOnce = Math.max(window.atOnce, (window.speaking = (window.speaking ?? 0) + 1));
    setTimeout(() => { window.speaking -= 1; speech.onend(); }, 300);
};
"""


@asynccontextmanager
async def screen(browser: Browser, room: Room, address: str = "?lang=en", **how: Any) -> AsyncIterator[Page]:
    """The queue screen of the clinic."""
    how = {"viewport": {"width": 1920, "height": 1080}} | how
    async with opened(browser, f"{room.edge.url}/queue{address}#token={room.token}", **how) as page:
        await expect(page.locator("#state")).not_to_be_empty()
        yield page


async def walk_in(room: Room, doctor: int = 0) -> str:
    """The label of a new ticket."""
    answer = await room.post("/api/queue/walk-ins", {"lane_id": room.doctor_ids[doctor]})
    label: str = answer["ticket"]["label"]
    return label


async def call_next(room: Room, place: str, doctor: int = 0) -> str:
    """The label of the ticket that is called."""
    answer = await room.post(f"/api/queue/lanes/{room.doctor_ids[doctor]}:callNext", {"room": place})
    label: str = answer["ticket"]["label"]
    return label


async def test_a_call_reaches_the_screen_with_its_ticket_and_its_room(browser: Browser, room: Room) -> None:
    await walk_in(room)
    async with screen(browser, room) as page:
        await expect(page.locator("#lanes")).to_be_visible()
        await expect(page.locator("#call")).to_be_hidden()
        label = await call_next(room, "Room 3")
        await expect(page.locator("#call-ticket")).to_have_text(label)
        await expect(page.locator("#call-room")).to_have_text("→ Room 3")
        await expect(page.locator(".now strong").first).to_have_text(label)
        await expect(page.locator("li.marked")).to_have_count(1)
        waiting = await walk_in(room)
        await expect(page.locator(".next li strong").last).to_have_text(waiting)
        await page.reload()
        await expect(page.locator(".now strong").first).to_have_text(label)
        await expect(page.locator("#call")).to_be_hidden()  # a reload calls nobody again


async def test_calls_are_spoken_one_at_a_time_in_the_languages_that_are_asked_for(browser: Browser, room: Room) -> None:
    for _ in range(2):
        await walk_in(room)
    async with screen(browser, room, "?lang=en&sound=en,ja") as page:
        await page.add_init_script(SPEECH)
        await page.reload()
        await expect(page.locator("#lanes")).to_be_visible()
        first, second = [await call_next(room, place) for place in ("Room 1", "Room 2")]

        async def all_four() -> Any:
            spoken = await page.evaluate("window.spoken")
            return spoken if len(spoken) == 4 else None

        spoken = await until(all_four)
        assert [lang for lang, _ in spoken] == ["en-GB", "ja-JP"] * 2
        assert ["Room 1" in text for _, text in spoken] == [True, True, False, False]
        assert first[1:] in spoken[0][1]
        assert f"{second[1:]}番の方" in spoken[3][1]
        assert await page.evaluate("window.atOnce") == 1


async def test_it_is_silent_unless_it_is_asked_to_speak(browser: Browser, room: Room) -> None:
    await walk_in(room)
    async with screen(browser, room) as page:
        await page.add_init_script(SPEECH + "window.AudioContext = class { constructor() { window.heard = true; } };")
        await page.reload()
        await expect(page.locator("#lanes")).to_be_visible()
        label = await call_next(room, "Room 1")
        await expect(page.locator("#call-ticket")).to_have_text(label)
        assert await page.evaluate("[window.spoken.length, window.heard ?? false]") == [0, False]


async def test_a_line_of_staff_is_shown_as_text_until_it_is_taken_back(browser: Browser, room: Room) -> None:
    await walk_in(room)
    here = {"clinic_id": room.clinic_id}
    async with screen(browser, room) as page:
        line = page.locator("#announcement")
        await room.put("/api/queue/announcement", here | {"announcement": "<b>Flu jabs</b> in room 4"})
        await expect(line).to_have_text("<b>Flu jabs</b> in room 4")
        await room.put("/api/queue/announcement", here | {"announcement": ""})
        await expect(line).to_be_hidden()


async def test_only_the_lanes_that_are_asked_for_are_shown_and_called(browser: Browser, room: Room) -> None:
    mine, other = await walk_in(room, 0), await walk_in(room, 1)
    async with screen(browser, room, f"?lang=en&lanes={other[0]}") as page:
        await expect(page.locator(".who b")).to_have_text([other[0]])
        await call_next(room, "Room 1", 0)
        called = await call_next(room, "Room 2", 1)
        await expect(page.locator("#call-ticket")).to_have_text(called)
        assert mine[0] != other[0]


async def test_clinics_that_share_a_waiting_room_share_a_screen(browser: Browser, room: Room) -> None:
    assert room.shared
    await walk_in(room)
    await walk_in(room.shared)
    async with screen(browser, room.shared) as page:
        await expect(page.locator(".who small", has_text="Elm Clinic")).to_have_count(1)
        for each, place in ((room, "Room 1"), (room.shared, "Room 9")):
            label = await call_next(each, place)
            await expect(page.locator(".now", has_text=f"{label}→ {place}")).to_have_count(1)
        # Letters of two clinics may be the same.
        await expect(page.locator("#call-doctor")).to_contain_text("Elm Clinic")


async def test_a_lost_server_is_told_and_nothing_is_called_from_memory(
    browser: Browser, room: Room, stack: Stack
) -> None:
    await walk_in(room)
    async with screen(browser, room) as page:
        await page.clock.install()
        await page.reload()
        await expect(page.locator("#state")).to_have_text("Live")
        stack.process.popen.send_signal(signal.SIGSTOP)
        try:
            await page.clock.fast_forward("00:23")
            await expect(page.locator("#notice")).to_have_text(LOST)
            await expect(page.locator("#state")).to_be_empty()
        finally:
            stack.process.popen.send_signal(signal.SIGCONT)
        await expect(page.locator("#notice")).to_be_hidden()


async def test_a_call_turns_to_its_page_and_the_last_calls_stay_on_every_page(browser: Browser, room: Room) -> None:
    async with screen(browser, room) as page:
        shown = await page.evaluate(
            """async () => {
                const { Calls } = await import("/queue/calls.js");
                const calls = new Calls(async () => {});
                const call = (label) => ({ laneId: label[0], ticketId: label, label, room: "1", doctor: "", at: 0 });
                calls.add([call("A1"), call("B1"), call("A1"), call("C1")]);
                const turns = [];
                for (let now = 0; now <= 40_000; now += 250) {
                    const label = calls.turn(now)?.label ?? "";
                    await null; await null;
                    if (turns.at(-1)?.[0] !== label) turns.push([label, now]);
                }
                return [turns, calls.recent.map(({ label }) => label)];
            }"""
        )
        turns, recent = shown
        assert [label for label, _ in turns] == ["B1", "A1", "C1", ""]
        assert [now for _, now in turns] == [0, 6000, 12000, 21000]
        assert recent == ["C1", "A1", "B1"]


async def test_what_was_missed_long_ago_or_told_before_is_not_called(browser: Browser, room: Room) -> None:
    async with screen(browser, room) as page:
        called = await page.evaluate(
            """async () => {
                const { Lanes } = await import("/queue/lanes.js");
                const begin = Date.parse("2026-03-03T01:00:00Z");
                const seconds = (at) => new Date(begin + 1000 * at).toISOString();
                const ticket = (id, at, calls = 1) => ({ id, label: id, room: "1", calls, call_time: seconds(at) });
                const empty = { lane_id: "a", letter: "A", date: "2026-03-03", epoch: 1, waiting: [], skipped: [] };
                const lane = (revision, ...now_serving) => ({ ...empty, revision, now_serving });
                const lanes = new Lanes(begin);
                return [
                    [lane(1, ticket("A1", -5)), 1], [lane(2, ticket("A2", 10), ticket("A1", -5)), 11],
                    [lane(3, ticket("A2", 10)), 12], [lane(2, ticket("A9", 13)), 13],
                    [lane(4, ticket("A2", 20, 2)), 21],
                    [lane(5, ticket("A3", 30), ticket("A4", 120)), 150],
                ].map(([lane, at]) => lanes.put(lane, begin + 1000 * at).map(({ label }) => label));
            }"""
        )
    # Before the page opened; new; told; an older lane; called again; missed during 129 seconds without a connection.
    assert called == [[], ["A2"], [], [], ["A2"], ["A4"]]


CODES = {
    "HTTP": "bf6f7d1d8cea84ad",
    "https://a.example/p": "a81856746c024494",
    "https://yoyaku.hospital.example/patient": "156d8f6eb9fcf5e1",
    "https://yoyaku.hospital.example/patient?clinic=0190&lang=ja": "67158e393a6da838",
    "https://yoyaku.hospital.example/patient?clinic=01a21d6d-edd1-7695-8bbf-ca39fc7c67ef&lang=ja-------": (
        "b7020be963eb7814"
    ),
    "otpauth://totp/yoyaku:somebody.long%40hospital.example?secret=JJKT7TIUWRLAGX3QATQGUC4ZXEAVGJLR&issuer=yoyaku": (
        "eadd6200c581e864"
    ),
    "日本語": "c6780ed1fba77a57",
}
"""What another program (qrcode 8.2) makes of a text with the same mask: how the SHA-256 of its rows begins."""


async def test_a_code_is_what_other_programs_make_of_the_address(browser: Browser, room: Room) -> None:
    ask = """async (texts) => {
        const { qrModules } = await import("/shared/qr.js");
        return texts.map((text) => qrModules(text).map((row) => row.map(Number).join("")).join("\\n"));
    }"""
    async with screen(browser, room, "?qr=/patient") as page:
        made = await page.evaluate(ask, list(CODES))
        assert [hashlib.sha256(each.encode()).hexdigest()[:16] for each in made] == list(CODES.values())
        box = await page.locator("#qr svg").bounding_box()
        assert box
        assert box["width"] > 120


async def test_a_ticket_is_as_wide_as_a_receipt(browser: Browser, room: Room) -> None:
    told = "label=A12&doctor=Mori+Hana&clinic=Kaede&time=2026-03-03T01:20:00Z&zone=Asia/Tokyo&shortest=5&longest=20"
    async with opened(browser, f"{room.edge.url}/ticket?lang=en#{told}&qr=/patient") as page:
        await expect(page.locator("#label")).to_have_text("A12")
        await expect(page.locator("#wait")).to_have_text("Expected wait: 5–20 min")
        await expect(page.locator("#time")).to_contain_text("10:20")
        await page.emulate_media(media="print")
        await expect(page.locator("#print")).to_be_hidden()
        box = await page.locator("main").bounding_box()
        assert box
        assert box["width"] == pytest.approx(72 / 25.4 * 96, abs=1)
