"""What comes late to a desk, out of order or not at all: the day is true in the end, and nothing moves under a hand."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.conftest import Room
from tests.web.desks import at, booked, column_of, desk, patient, told

pytestmark = pytest.mark.asyncio(loop_scope="module")
LISTS = re.compile(r"/api/appointments\?")
SLOTS = re.compile(r"/api/schedules/slots:watch\?")
HOLD_SLOTS = """() => {
    const real = fetch;
    window.fetch = async (path, options) => {
        const answer = await real(path, options);
        if (!String(path).startsWith("/api/schedules/slots:watch")) return answer;
        const hold = new TransformStream({ transform: async (chunk, to) => (await window.held, to.enqueue(chunk)) });
        return new Response(answer.body.pipeThrough(hold), answer);
    };
}"""


class Held:
    """What a page has asked for, and gets once it is let go."""

    def __init__(self, page: Page, address: re.Pattern[str]) -> None:
        self.page, self.address = page, address
        self.routes: list[Route] = []
        self.come = asyncio.Event()
        self.over = False

    async def take(self, route: Route) -> None:
        if self.over:
            return await route.continue_()
        self.routes.append(route)
        self.come.set()
        return None

    async def asked(self) -> None:
        await asyncio.wait_for(self.come.wait(), 20)

    async def let_go(self) -> None:
        self.over = True
        for route in self.routes:
            await route.continue_()


@asynccontextmanager
async def held(page: Page, address: re.Pattern[str]) -> AsyncIterator[Held]:
    waiting = Held(page, address)
    await page.route(address, waiting.take)
    yield waiting


def later(room: Room, days: int) -> str:
    return str(date.fromisoformat(room.today) + timedelta(days=days))


async def booked_on(room: Room, day: str, name: str, time_slot: str, column: int) -> str:
    body = {"patient_id": await patient(room, name), "doctor_id": room.doctor_ids[column], "date": day}
    return str((await room.post("/api/appointments", body | {"time_slot": time_slot}))["appointment"]["id"])


async def columns(page: Page) -> list[str]:
    return [str(each) for each in await page.locator(".day section h2").evaluate_all("all => all.map(({id}) => id)")]


async def test_no_column_moves_when_the_slots_of_a_day_come_after_its_appointments(
    browser: Browser, room: Room
) -> None:
    async with desk(browser, room) as page:
        before = await columns(page)
        last = room.doctor_ids.index(before[-1].removeprefix("doctor-"))
        await booked_on(room, later(room, 1), "Toda Umi", "10:00", last)
        async with held(page, SLOTS) as slots:
            await page.keyboard.press(".")
            await slots.asked()
            await expect(page.locator(".block", has_text="Toda Umi")).to_be_visible()
            assert await columns(page) == before
            await slots.let_go()
        await expect(page.locator(".day section").last.locator(".block.free").first).to_be_visible()
        assert await columns(page) == before


async def test_what_has_changed_between_the_list_and_the_slots_of_a_day_is_shown(browser: Browser, room: Room) -> None:
    gone = await booked_on(room, later(room, 2), "Abe Mio", "10:00", 0)
    async with desk(browser, room) as page:
        await page.keyboard.press(".")
        async with held(page, SLOTS) as slots:
            async with page.expect_response(LISTS):
                await page.keyboard.press(".")
            await slots.asked()
            await expect(page.locator(".block", has_text="Abe Mio")).to_be_visible()
            await room.post(f"/api/appointments/{gone}:cancel", {})
            await booked_on(room, later(room, 2), "Endo Nao", "11:00", 1)
            await slots.let_go()
        await expect(page.locator(".block", has_text="Endo Nao")).to_be_visible()
        await expect(page.locator(".block", has_text="Abe Mio")).to_have_count(0)


async def test_a_time_that_was_left_here_is_free_before_the_stream_says_so(browser: Browser, room: Room) -> None:
    await booked_on(room, later(room, 1), "Doi Ren", "14:00", 0)
    async with desk(browser, room) as page:
        await page.evaluate(HOLD_SLOTS)
        await page.keyboard.press(".")
        column = await column_of(page, room, room.doctor_ids[0])
        await at(page, "Doi Ren", column).focus()
        await page.evaluate("void (window.held = new Promise((go) => (window.letGo = go)))")
        await page.keyboard.press("Delete")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(told(page)).to_contain_text("is cancelled")
        await expect(at(page, "14:00", column)).to_contain_text("Free")
        await expect(page.locator(":focus")).to_contain_text("14:00")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("14:00")
        await page.keyboard.press("Escape")
        await booked_on(room, later(room, 1), "Fujii Ken", "14:00", 0)
        await page.evaluate("window.letGo()")
        await expect(at(page, "14:00", column)).to_contain_text("Fujii Ken")


async def test_a_list_that_cannot_be_had_is_asked_for_until_it_comes(browser: Browser, room: Room) -> None:
    await booked_on(room, later(room, 1), "Hori Yu", "15:00", 0)
    async with desk(browser, room) as page:
        await page.route(LISTS, lambda route: route.abort())
        await page.keyboard.press(".")
        await expect(page.locator(".head .state")).to_contain_text("Not up to date since")
        await booked_on(room, later(room, 1), "Ida Sho", "15:30", 0)
        await page.unroute(LISTS)
        for name in ("Hori Yu", "Ida Sho"):
            await expect(page.locator(".block", has_text=name)).to_be_visible()
        await expect(page.locator(".head .state")).to_have_text("Live")
        await page.route(LISTS, lambda route: route.abort())
        await booked_on(room, later(room, 1), "Jo Mai", "16:00", 0)
        await expect(page.locator(".head .state")).to_contain_text("Not up to date since")
        await page.unroute(LISTS)
        await expect(page.locator(".block", has_text="Jo Mai")).to_be_visible()
        await expect(page.locator(".head .state")).to_have_text("Live")


async def test_a_list_from_before_an_act_does_not_take_it_back(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as page:
        column = await column_of(page, room, room.doctor_ids[0])
        await booked(room, "Kato Ei", "12:00")
        await expect(at(page, "Kato Ei", column)).to_be_visible()
        old: list[Route] = []

        async def answer_early(route: Route) -> None:
            """The answer is that of now, and is given later."""
            if old:
                return await route.continue_()
            old.append(route)
            answer = await route.fetch()
            await asyncio.wait_for(asked.wait(), 30)
            await route.fulfill(response=answer)
            return None

        asked = asyncio.Event()
        await page.route(LISTS, answer_early)
        await booked(room, "Mori Go", "12:30")
        await at(page, "Kato Ei", column).focus()
        await expect(page.locator(".block:focus")).to_contain_text("Kato Ei")
        await page.keyboard.press("c")
        await expect(page.locator(":focus .state")).to_contain_text("Waiting")
        seen = await page.evaluate_handle(
            """() => {
            const seen = [];
            const look = () => seen.push(document.querySelector(".block:focus .state")?.textContent);
            const all = { subtree: true, childList: true, characterData: true };
            new MutationObserver(look).observe(document.querySelector(".day"), all);
            return seen;
        }"""
        )
        asked.set()
        await expect(at(page, "Mori Go", column)).to_be_visible()
        states = await seen.json_value()
        assert not [each for each in states if "Waiting" not in (each or "")]


async def test_a_refusal_that_comes_after_the_desk_was_locked_does_not_disturb_who_signs_in(
    browser: Browser, room: Room
) -> None:
    await booked(room, "Nagai Ryo", "13:00")
    async with desk(browser, room) as page:
        await at(page, "Nagai Ryo", await column_of(page, room, room.doctor_ids[0])).focus()
        async with held(page, re.compile(":checkIn$")) as acts:
            await page.keyboard.press("c")
            await acts.asked()
            await page.keyboard.press("l")
            await page.locator("#email").fill("next@example.org")
            async with page.expect_response(re.compile(":checkIn$")):
                await acts.routes[0].fulfill(status=401, json={})
        await page.evaluate("fetch('/shared/api.js').then((later) => later.text())")
        await expect(page.locator("#email")).to_have_value("next@example.org")


async def test_a_double_click_beside_the_times_books_nothing(browser: Browser, room: Room) -> None:
    async with desk(browser, room) as page:
        await page.locator(".day h2").first.dblclick()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.locator(".block.free, .block.staff-only").last.dblclick()
        await expect(page.get_by_role("dialog")).to_be_visible()
