/** The days of the next weeks, and on which of them something is free. */

import { make } from "../../shared/elements.js";
import { plusDays } from "../../shared/wall_clock.js";

/** @import { WallClock } from "../../shared/wall_clock.js" */
/** @import { Page } from "../page.js" */
/** @typedef {{date: string, slots_free: number, slots_total: number}} FreeDay */

/** As many days as one call counts. */
const AHEAD_DAYS = 61;
const WEEK = 7;

/** @param {Page} page @param {string} doctorId @param {string} today @returns {Promise<FreeDay[]>} */
export async function freeDays(page, doctorId, today) {
  const query = { doctor_id: doctorId, from_date: today, to_date: plusDays(today, AHEAD_DAYS) };
  return (await page.call(`/api/schedules/available-days?${new URLSearchParams(query)}`)).days;
}

/**
 * @param {Page} page
 * @param {WallClock} clock
 * @param {FreeDay[]} days
 * @param {string} from
 * @param {(date: string) => string} address of a day
 */
export function calendar({ text, lang }, clock, days, from, address) {
  const known = new Map(days.map((each) => [each.date, each]));
  const first = monday(days[0]?.date ?? from);
  const rows = [];
  for (let start = first; start <= (days.at(-1)?.date ?? from); start = plusDays(start, WEEK)) {
    const dates = Array.from({ length: WEEK }, (_, number) => plusDays(start, number));
    rows.push(make("tr", {}, ...dates.map((date) => make("td", {}, cell(known.get(date), date)))));
  }
  const weekday = new Intl.DateTimeFormat(lang, { weekday: "short", timeZone: "UTC" });
  const heads = Array.from({ length: WEEK }, (_, number) => weekday.format(Date.parse(`${plusDays(first, number)}T00:00:00Z`)));
  return make(
    "details",
    { class: "calendar" },
    make("summary", {}, text.calendar),
    make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((each) => make("th", { scope: "col" }, each)))), make("tbody", {}, ...rows)),
  );

  /** @param {FreeDay | undefined} day @param {string} date */
  function cell(day, date) {
    const number = String(Number(date.slice(8)));
    const label = number === "1" || day === days[0] ? shortDate(date) : number;
    if (!day) return null;
    const name = clock.short(clock.noon(date));
    const told = make("span", { class: "hidden-text" }, day.slots_free ? text.dayFree(name, day.slots_free) : text.dayFull(name));
    if (!day.slots_free) return make("span", { class: "none" }, label, told);
    return make("a", { href: address(date), "aria-current": date === from && "date" }, label, " ", told);
  }

  /** @param {string} date */
  function shortDate(date) {
    return new Intl.DateTimeFormat(lang === "ja" ? "ja-JP" : "en-GB", { day: "numeric", month: lang === "ja" ? "numeric" : "short", timeZone: "UTC" }).format(Date.parse(`${date}T00:00:00Z`));
  }
}

/** The Monday of a date's week. @param {string} date */
function monday(date) {
  return plusDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % WEEK));
}
