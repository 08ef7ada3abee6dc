/** Choosing a time: a week of a doctor, live, and the days of two months that have free times. */

import { make, written } from "../../shared/elements.js";
import { plusDays, WallClock } from "../../shared/wall_clock.js";
import { settle } from "../booking/booking.js";
import { calendar, freeDays } from "./calendar.js";
import { doctorName, typeName } from "../facts.js";
import { whose } from "../people/whose.js";
import { DAYS, followWeek } from "./live_week.js";
import { visitsOfDay } from "./visits_of_day.js";
import { WeekGrid } from "./week_grid.js";

/** @import { AppointmentType, Clinic, Doctor, Page, Slot, View } from "../page.js" */

/** @type {View} */
export async function timesView(page, query, signal) {
  const { text } = page;
  if (await settle(page, null)) return [];
  const doctor = await page.directory.doctor(query.get("doctor") ?? "");
  const typeId = query.get("type") ?? "";
  const [clinic, type] = await Promise.all([page.directory.clinic(doctor.clinic.id), page.directory.type(doctor.clinic.id, typeId)]);
  page.callable(clinic);
  const clock = new WallClock(page.lang, clinic.time_zone);
  const today = clock.date(page.session.clock.now());
  const days = await freeDays(page, doctor.id, today);
  const asked = query.get("date") ?? days.find((each) => each.slots_free)?.date ?? today;
  const from = asked < today ? today : asked;
  const moved = query.get("move") ?? "";
  const choose = (/** @type {Slot} */ slot) =>
    page.go(moved ? "move" : "confirm", { doctor: doctor.id, type: type?.id ?? "", start: slot.start_time, for: query.get("for") ?? "", ...(moved && { id: moved }) });
  const kept = moved && (await page.call(`/api/appointments/${moved}`)).appointment;
  const patientId = kept ? kept.patient.id : query.get("for");
  const state = make("p", { class: "state", role: "status", "data-state": "connecting" }, text.connecting);
  const news = make("p", { class: "hidden-text", role: "status" });
  const grid = new WeekGrid(page, clock, from, today, choose, (/** @type {string} */ told) => (news.textContent = told));
  const empty = make("div", { "aria-live": "polite" });
  follow(page, { doctor, type, from }, signal, grid, () => empty.replaceChildren(...emptyWeek(page, clock, grid, days, query, from)), state);
  return [
    make("p", { class: "step" }, moved ? "" : text.step(2, 3)),
    ...(patientId ? await whose(page, patientId) : []),
    make("h1", { tabindex: "-1" }, moved ? text.moveTitle : text.timesTitle),
    make("p", { class: "with" }, ...doctorName(doctor), written(clinic.name), type && visit(page, type)),
    kept && make("p", { class: "message" }, text.keptMeanwhile(`${clock.short(Date.parse(kept.start_time))} ${clock.time(Date.parse(kept.start_time))}`)),
    clock.differs(page.session.clock.now()) && make("p", { class: "message" }, text.clinicTime(clock.zone(page.session.clock.now()), placeOf(clinic.time_zone))),
    calendar(page, clock, days, from, (date) => address(query, date)),
    weekMenu(page, clock, query, from, today, clinic),
    empty,
    state,
    grid.element,
    news,
    make("div", { class: "actions" }, make("a", { class: "button", href: moved ? `#/appointment?id=${moved}` : `#/visit?${query}` }, text.back)),
  ].filter((each) => each instanceof Node);
}

/** @param {Page} page @param {AppointmentType} type */
function visit(page, type) {
  return make("span", { class: "muted" }, written(typeName(page, type)), page.text.comma, page.text.minutes(type.minutes));
}

/** `Asia/Tokyo` is said as Tokyo. @param {string} zone */
function placeOf(zone) {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** @param {URLSearchParams} query @param {string} date */
function address(query, date) {
  const changed = new URLSearchParams(query);
  changed.set("date", date);
  return `#/times?${changed}`;
}

/** @param {Page} page @param {WallClock} clock @param {URLSearchParams} query @param {string} from @param {string} today @param {Clinic} clinic */
function weekMenu({ text }, clock, query, from, today, clinic) {
  const last = plusDays(today, clinic.policy.horizon_days);
  const earlier = plusDays(from, -DAYS) < today ? today : plusDays(from, -DAYS);
  const later = plusDays(from, DAYS);
  const day = (/** @type {string} */ date) => clock.short(clock.noon(date));
  return make(
    "nav",
    { class: "weeks", "aria-label": text.timesTitle },
    from > today ? make("a", { class: "button", href: address(query, earlier), "aria-label": text.earlier }, "←") : make("span", {}),
    make("strong", {}, text.week(day(from), day(plusDays(from, DAYS - 1)))),
    later <= last ? make("a", { class: "button", href: address(query, later), "aria-label": text.later }, "→") : make("span", {}),
  );
}

/**
 * @param {Page} page
 * @param {{doctor: Doctor, type: AppointmentType | null, from: string}} week
 * @param {AbortSignal} signal
 * @param {WeekGrid} grid
 * @param {() => void} changed
 * @param {HTMLElement} state
 */
function follow(page, { doctor, type, from }, signal, grid, changed, state) {
  const { text } = page;
  const sentences = { connecting: text.connecting, live: text.live, stale: text.stale, refused: text.tooManyTabs };
  followWeek(
    page,
    { doctorId: doctor.id, from },
    signal,
    async (day) => {
      // The stream tells the slots of the working hours; the visits of a type are asked for whenever it says that a day changed.
      const visits = type ? await visitsOfDay(page, day, type.id).catch(() => null) : null;
      if (signal.aborted || (type && !visits)) return;
      grid.put(day, visits);
      changed();
    },
    (connection, failure) => {
      state.dataset.state = connection;
      state.textContent = failure?.status && connection === "stale" ? page.say(failure) : sentences[connection];
      grid.stale(connection === "stale");
    },
  ).catch((error) => {
    state.dataset.state = "stale";
    state.textContent = page.say(error);
  });
}

/** What to do about a week without a free time; nothing if it has one, or is not known yet. @param {Page} page @param {WallClock} clock @param {WeekGrid} grid @param {{date: string, slots_free: number}[]} days @param {URLSearchParams} query @param {string} from */
function emptyWeek({ text }, clock, grid, days, query, from) {
  if (!grid.complete || grid.free) return [];
  const next = days.find((each) => each.date >= plusDays(from, DAYS) && each.slots_free);
  if (!next) return [make("p", { class: "message warning" }, text.nothingAhead)];
  const link = make("a", { href: address(query, next.date) }, text.nextFree(clock.short(clock.noon(next.date))));
  return [make("p", { class: "message" }, link)];
}
