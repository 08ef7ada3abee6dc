/** A clinic's day in figures, each doctor's, and the last 30 days. */

import { make } from "../shared/elements.js";
import { plusDays, WallClock } from "../shared/wall_clock.js";
import { scrolling } from "./admin.js";
import { chart, share } from "./charts.js";

/** @import { Admin } from "./admin.js" */

const DAYS = 30;
const AGAIN_MS = 60_000;
/** In the order in which a visit goes through them. */
const STATUSES = /** @type {const} */ (["SCHEDULED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED", "NO_SHOW", "CANCELLED"]);

/** @typedef {{key: string, utilization?: number, appointments: number}} Use */
/** @typedef {{key: string, called: number, median_minutes: number, p90_minutes: number}} Waits */
/** @typedef {{key: string, no_shows: number, no_show_rate?: number}} NoShows */

/** Show the dashboard, and keep it up to date until it is left. @param {Admin} admin @param {HTMLElement} root */
export async function dashboard(admin, root) {
  const { words, clinic } = admin;
  const wall = new WallClock(admin.lang, clinic.time_zone);
  const today = wall.date(admin.session.clock.now());
  const date = make("input", { type: "date", id: "report-date", value: today, max: today, "aria-label": words.day });
  const tiles = make("div", { class: "tiles" });
  const doctors = scrolling(words.byDoctor);
  const trends = make("div", { class: "trends" });
  const updated = make("p", { class: "muted small", role: "status" });
  root.replaceChildren(
    make("div", { class: "title-row" }, make("h1", {}, words.dashboard), date),
    updated,
    tiles,
    make("h2", {}, words.byDoctor),
    doctors,
    make("h2", {}, words.trends),
    trends,
  );
  const load = () =>
    admin.attempt(async () => {
      const { value } = date;
      const day = await admin.session.call(`/api/reports/clinic-day?${new URLSearchParams({ clinic_id: clinic.id, date: value })}`);
      // A slower answer for another day is not shown.
      if (value !== date.value) return;
      tiles.replaceChildren(...figures(admin, day).map(([name, value, note]) => tile(name, value, note)));
      doctors.replaceChildren(doctorTable(admin, day.doctors));
      updated.textContent = words.asOf(wall.time(admin.session.clock.now()));
    });
  date.addEventListener("change", () => date.value && load());
  const timer = setInterval(() => root.isConnected && date.value === today && load(), AGAIN_MS);
  admin.left.addEventListener("abort", () => clearInterval(timer));
  await load();
  await admin.attempt(async () => trends.replaceChildren(...(await charts(admin, today))));
}

/** @param {Admin} admin @param {any} day @returns {[string, string, string][]} */
function figures({ words }, day) {
  const counts = new Map(day.statuses.map((/** @type {any} */ each) => [each.status.replace("APPOINTMENT_STATUS_", ""), each.appointments]));
  const { utilization, waits, no_shows } = day;
  return [
    ...STATUSES.map((status) => /** @type {[string, string, string]} */ ([words.statuses[status], String(counts.get(status) ?? 0), ""])),
    [words.use, percent(utilization?.utilization), words.minutesOf(utilization?.booked_minutes ?? 0, utilization?.offered_minutes ?? 0)],
    [words.medianWait, waits?.called ? words.minutes(Math.round(waits.median_minutes)) : "–", waits?.called ? words.nineOfTen(Math.round(waits.p90_minutes)) : ""],
    [words.noShowRate, percent(no_shows?.no_show_rate), words.lateCancellations(no_shows?.late_cancellations ?? 0)],
  ];
}

/** @param {string} name @param {string} value @param {string} note */
function tile(name, value, note) {
  return make("div", { class: "tile panel" }, make("p", { class: "small muted" }, name), make("p", { class: "figure" }, value), make("p", { class: "small muted" }, note));
}

/** @param {Admin} admin @param {any[]} doctors */
function doctorTable({ words }, doctors) {
  const rows = doctors.map(({ name, utilization, waits, no_shows }) => {
    const used = utilization?.utilization;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, make("bdi", {}, name)),
      make("td", {}, used === undefined ? "–" : share(used, percent(used))),
      make("td", { class: "number" }, String(utilization?.appointments ?? 0)),
      make("td", { class: "number" }, waits?.called ? words.minutes(Math.round(waits.median_minutes)) : "–"),
      make("td", { class: "number" }, waits?.called ? words.minutes(Math.round(waits.longest_minutes)) : "–"),
      make("td", { class: "number" }, String(no_shows?.no_shows ?? 0)),
    );
  });
  const heads = [words.doctor, words.use, words.appointments, words.medianWait, words.longestWait, words.statuses.NO_SHOW];
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows));
}

/** @param {Admin} admin @param {string} today */
async function charts({ session, clinic, words }, today) {
  const query = new URLSearchParams({ clinic_id: clinic.id, from_date: plusDays(today, 1 - DAYS), to_date: today });
  const [use, waits, missed] = await Promise.all(["utilization", "waits", "no-shows"].map((report) => session.call(`/api/reports/${report}?${query}`)));
  const dates = Array.from({ length: DAYS }, (_, at) => plusDays(today, at + 1 - DAYS));
  const label = (/** @type {string} */ date) => date.slice(5).replace("-", "/");
  /** @template Row @param {{rows: (Row & {key: string})[]}} report @param {(row: Row) => number | null} value @param {(row: Row) => number | null} [second] */
  const points = ({ rows }, value, second) => {
    const byDate = new Map(rows.map((row) => [row.key, row]));
    return dates.map((date) => {
      const row = byDate.get(date);
      return { label: label(date), value: row ? value(row) : null, ...(second && { second: row ? second(row) : null }) };
    });
  };
  const table = words.asTable;
  return [
    chart({ title: words.useTrend, unit: "%", ceiling: 100, table, names: [words.day, words.use], points: points(/** @type {{rows: Use[]}} */ (use), (row) => (row.utilization === undefined ? null : 100 * row.utilization)) }),
    chart({
      title: words.waitTrend, unit: words.minuteUnit, table, names: [words.day, words.medianWait, words.nineOfTenShort],
      points: points(/** @type {{rows: Waits[]}} */ (waits), (row) => (row.called ? row.median_minutes : null), (row) => (row.called ? row.p90_minutes : null)),
    }),
    chart({ title: words.missedTrend, unit: "%", table, names: [words.day, words.noShowRate], points: points(/** @type {{rows: NoShows[]}} */ (missed), (row) => (row.no_show_rate === undefined ? null : 100 * row.no_show_rate)) }),
    chart({ title: words.numberTrend, unit: "", table, names: [words.day, words.appointments], points: points(/** @type {{rows: Use[]}} */ (use), (row) => row.appointments) }),
  ];
}

/** @param {number | undefined} share */
function percent(share) {
  return share === undefined || share === null ? "–" : `${Math.round(100 * share)}%`;
}
