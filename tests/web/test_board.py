"""The waiting-room board in a real browser, on a real worker behind Envoy."""

import re
import signal
import time

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.edge.clinic import Stack
from tests.fixtures.browser import board
from tests.web.conftest import Room
from yoyaku.v1.error_reason_pb2 import ErrorReason

LOST = re.compile(r"No connection . as of \d\d:\d\d\. Trying again\.")
pytestmark = pytest.mark.asyncio(loop_scope="module")


def cells(page: Page) -> list[Locator]:
    """Now and next of the first doctor."""
    return [page.locator("#rows tr").first.locator("td").nth(number).locator("strong") for number in range(2)]


async def test_a_booking_over_grpc_shows_within_a_second(browser: Browser, room: Room) -> None:
    async with board(browser, room.edge.url, f"?lang=en#token={room.token}") as page:
        await expect(page.locator("#clinic")).to_have_text(f"Clinic in {room.time_zone}")
        await expect(page.locator("#rows th strong")).to_have_text(["Mori Hana", "Mori Hana"])
        await expect(page.locator("#state")).to_have_text("Live")
        now, following = cells(page)
        await expect(now).to_have_text("On duty")
        await expect(following).to_have_text("\N{EN DASH}")
        seconds = []
        for slot in ("16:30", "16:00", "15:30"):
            begin = time.perf_counter()
            await room.book(slot)
            await expect(following).to_have_text(slot)
            seconds.append(time.perf_counter() - begin)
        assert min(seconds) < 1
        assert "Sato" not in await page.content()


async def test_it_speaks_the_language_and_wears_the_colours_that_are_asked_for(browser: Browser, room: Room) -> None:
    token = f"#token={room.token}"
    for address, how, heading, dark in (
        (token, {"locale": "ja-JP", "color_scheme": "dark"}, "担当医", True),
        (token, {"locale": "en-GB", "color_scheme": "light"}, "Doctor", False),
        (f"?lang=ja&theme=dark{token}", {"locale": "en-GB", "color_scheme": "light"}, "担当医", True),
        (f"?lang=en&theme=light{token}", {"locale": "ja-JP", "color_scheme": "dark"}, "Doctor", False),
    ):
        async with board(browser, room.edge.url, address, **how) as page:
            await expect(page.locator("#doctor")).to_have_text(heading)
            assert await page.evaluate("document.documentElement.lang") == ("ja" if heading == "担当医" else "en")
            paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (sum(map(int, re.findall(r"\d+", paper))) < 3 * 128) is dark


async def test_who_wants_less_motion_sees_none(browser: Browser, room: Room) -> None:
    address = f"#token={room.token}"
    for wish, animated in (("reduce", False), ("no-preference", True)):
        async with board(browser, room.edge.url, address, reduced_motion=wish) as page:
            name = await page.locator("#rows tr").first.evaluate("row => getComputedStyle(row).animationName")
            assert (name != "none") is animated


async def test_a_screen_is_paired_once_and_can_be_sent_away(browser: Browser, room: Room) -> None:
    async with board(browser, room.edge.url, "?lang=en") as page:
        code = page.locator("#code")
        await expect(code).to_have_text(re.compile(r"^[A-Z0-9]{4} [A-Z0-9]{4}$"))
        confirmation = {
            "pairing_code": await code.inner_text(),  # as it is shown
            "clinic_id": room.clinic_id,
            "name": "Waiting room 1",
        }
        display = (await room.post("/api/auth/displays:confirm", confirmation))["display"]
        await expect(page.locator("#rows th strong")).to_have_text(["Mori Hana", "Mori Hana"])
        await expect(page.locator("#pairing")).to_be_hidden()
        await page.reload()
        await expect(page.locator("#state")).to_have_text("Live")
        await room.post(f"/api/auth/displays/{display['id']}:revoke", {})
        await expect(code).to_have_text(re.compile(r"^[A-Z0-9]{4} [A-Z0-9]{4}$"))
        await expect(page.locator("#doctors")).to_be_hidden()


async def test_a_token_that_has_ended_is_told(browser: Browser, room: Room, stack: Stack) -> None:
    async with board(browser, room.edge.url, f"?lang=en#token={stack.clinic.tokens['expired']}") as page:
        await expect(page.locator("#message")).to_have_text(re.compile("The access token has ended"))


REFUSED = [
    ("?clinic={patient}#token={token}", "There is no such clinic"),
    ("?clinic={clinic}#token={elsewhere}", "may not show this clinic"),
    ("?clinic=kaede#token={token}", "The clinic in the address is not an id"),
    ("?#token={admin}", "The access token is for no clinic"),
    ("?#token=nonsense", "The access token is not valid"),
    ("?#token={another signature}", "The access token is not valid"),
]


@pytest.mark.parametrize(("address", "sentence"), REFUSED)
async def test_each_refusal_has_a_sentence_of_its_own(
    browser: Browser, room: Room, stack: Stack, address: str, sentence: str
) -> None:
    known = {
        "patient": room.patient_id,
        "clinic": room.clinic_id,
        "token": room.token,
        "admin": stack.clinic.tokens["admin"],
    }
    known |= {"elsewhere": room.elsewhere, "another signature": room.token[:-8] + "AAAAAAAA"}
    address = address.replace("?", "?lang=en&", 1).format_map(known)
    async with board(browser, room.edge.url, address) as page:
        await expect(page.locator("#message")).to_have_text(re.compile(sentence))


async def test_a_browser_that_keeps_nothing_is_told_why_it_is_not_paired(browser: Browser, room: Room) -> None:
    async with board(browser, room.edge.url, "?lang=en") as page:
        await page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }})"
        )
        await page.reload()
        await expect(page.locator("#message")).to_have_text(re.compile("stores nothing"))


async def test_every_reason_has_a_sentence_in_both_languages(browser: Browser, room: Room) -> None:
    async with board(browser, room.edge.url, "?lang=en") as page:
        told = await page.evaluate(
            "async () => { const { words } = await import('/board/words.js');"
            " return ['en', 'ja'].map((lang) => words(lang).refusals); }"
        )
    english, japanese = told
    assert english.keys() == japanese.keys()
    assert len(set(english.values())) == len(set(japanese.values())) == len(english)
    own = {"CLINIC_MISSING", "STORAGE_BLOCKED"}
    assert {f"ERROR_REASON_{each}" for each in english.keys() - own} <= set(ErrorReason.keys())


async def test_a_server_that_falls_silent_is_told(browser: Browser, room: Room, stack: Stack) -> None:
    async with board(browser, room.edge.url, f"?lang=en#token={room.token}") as page:
        await page.clock.install()
        await page.reload()
        await expect(page.locator("#state")).to_have_text("Live")
        stack.process.popen.send_signal(signal.SIGSTOP)
        try:
            await page.clock.fast_forward("00:19")
            await expect(page.locator("#state")).to_have_text("Live")
            await page.clock.fast_forward("00:04")
            await expect(page.locator("#notice")).to_have_text(LOST)
        finally:
            stack.process.popen.send_signal(signal.SIGCONT)
        await expect(page.locator("#notice")).to_be_hidden()


async def test_a_lost_server_is_told_and_a_new_one_is_found(browser: Browser, room: Room, stack: Stack) -> None:
    async with board(browser, room.edge.url, f"?lang=en#token={room.token}") as page:
        await expect(page.locator("#state")).to_have_text("Live")
        shown = await page.locator("#rows").inner_text()
        stack.process.popen.kill()
        stack.process.popen.wait()
        notice = page.locator("#notice")
        await expect(notice).to_have_text(LOST)
        await expect(page.locator("#state")).to_be_empty()
        assert await page.locator("#rows").inner_text() == shown
        again = stack.launch("worker again", stack.port)
        try:
            await expect(notice).to_be_hidden()
            await room.book("15:00")
            await expect(cells(page)[1]).to_have_text("15:00")
        finally:
            again.stop(seconds=20)
