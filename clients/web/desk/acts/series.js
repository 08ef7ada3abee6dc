/** Books a series of visits after its dates were shown, and shows the dates of one. */

import { failureOf } from "../../shared/api.js";
import { area, choice } from "../../shared/ask.js";
import { make } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { statusOf } from "../day/day.js";
import { refused } from "../words.js";
import { told } from "./other_times.js";
import { goToVisit } from "./visits.js";

/** @import { Appointment } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */
/**
 * @typedef {{frequency: string, interval: number, count: number}} Recurrence
 * @typedef {{patient_id: string, doctor_id: string, date: string, time_slot: string, recurrence: Recurrence, reason: string, appointment_type_id: string}} Series
 * @typedef {{date: string, appointment?: Appointment, error?: {details: any[]}}} Occurrence
 */

const PATH = "/api/appointments:series";
/** How often a visit can be repeated, and what that is for the server. @type {Record<string, [string, number]>} */
const EVERY = {
  week: ["FREQUENCY_WEEKLY", 1],
  twoWeeks: ["FREQUENCY_WEEKLY", 2],
  fourWeeks: ["FREQUENCY_WEEKLY", 4],
  monthDate: ["FREQUENCY_MONTHLY_BY_DATE", 1],
  monthWeekday: ["FREQUENCY_MONTHLY_BY_WEEKDAY", 1],
};
const MOST_VISITS = 52;

/** The fields that make a visit the first of a series. */
export class Repetition {
  /** @param {Desk} desk */
  constructor({ words }) {
    const often = choice("repeat", Object.entries(words.repeats).map(([value, text]) => ({ value, text })), "once");
    const count = field(words.visits, { id: "count", type: "number", min: 2, max: MOST_VISITS, value: 6 });
    count.hidden = true;
    often.addEventListener("change", () => (count.hidden = often.value === "once"));
    this.element = make("div", { class: "beside" }, field(words.repeat, { id: "repeat" }, { control: often }), count);
  }

  /** What was chosen; null for a single visit. @param {Record<string, string>} values @returns {Recurrence | null} */
  of({ repeat = "once", count = "" }) {
    const chosen = EVERY[repeat];
    return chosen ? { frequency: chosen[0], interval: chosen[1], count: Number.parseInt(count, 10) || 0 } : null;
  }
}

/**
 * Show what would become of each date, and book those that are free once that is confirmed (Failure).
 * @param {Desk} desk
 * @param {Series} series
 * @param {(appointment: Appointment) => void} took is given the first appointment
 */
export async function bookSeries(desk, series, took) {
  const { words } = desk;
  const { count } = series.recurrence;
  if (count < 2 || count > MOST_VISITS) return [{ id: "count", text: words.visitsWrong(MOST_VISITS) }];
  /** @type {{occurrences: Occurrence[]}} */
  const { occurrences } = await desk.session.call(PATH, { method: "POST", body: { ...series, validate_only: true } });
  const free = occurrences.filter((each) => !each.error).length;
  const left = occurrences.length - free;
  const full = occurrences.some(({ error }) => error && failureOf(error.details).reason === "SLOT_TAKEN");
  /** @type {Occurrence[]} */
  let booked = [];
  const sent = await desk.ask(
    { title: words.seriesTitle(free, occurrences.length), text: left ? words.seriesLeft(left) : words.seriesFree, confirm: free || full ? words.seriesButton(free || occurrences.length) : "", wide: true },
    async ({ "series-override": override = "" }) => {
      if (!free && !override) return [{ id: "series-override", text: words.overrideMissing }];
      const answer = await desk.write(PATH, { ...series, skip_refused: left > 0, override_reason: override });
      if (!answer.series_id) return [{ id: "", text: words.seriesTaken }];
      booked = answer.occurrences.filter((/** @type {Occurrence} */ each) => each.appointment);
    },
    make("ol", { class: "plain-list" }, ...occurrences.map((each) => dateOf(desk, each, series.time_slot))),
    full && field(words.override, { id: "series-override" }, { control: area("series-override"), hint: words.seriesOverride }),
  );
  if (!sent || !booked.length) return [{ id: "", text: words.seriesNotBooked }];
  const first = booked[0]?.appointment;
  if (!first) return;
  took(first);
  desk.say(words.done.seriesBooked(first.patient.name, booked.length, desk.when(first.start_time, true)));
}

/** @param {Desk} desk @param {Occurrence} occurrence @param {string} timeSlot */
function dateOf(desk, { date, error }, timeSlot) {
  const { words, wall } = desk;
  const failure = error && failureOf(error.details);
  const nearest = failure?.alternatives.map((each) => make("li", {}, ...told(desk, each))) ?? [];
  return make(
    "li",
    { class: failure ? "left-out" : "" },
    make("strong", {}, `${wall.short(wall.noon(date))} ${timeSlot}`),
    ` ${failure ? refused(failure) : words.slots.free}`,
    nearest.length > 0 && make("div", { class: "muted" }, words.otherTimes, make("ul", {}, ...nearest)),
  );
}

/** Show the dates of a series; each leads to its day. @param {Desk} desk @param {Appointment} appointment */
export async function showSeries(desk, { patient, doctor, series_id }) {
  const { words } = desk;
  /** @type {Appointment[] | undefined} */
  const all = await desk.attempt(doctor.id, () => desk.session.all("/api/appointments", { patient_id: patient.id }, "appointments"));
  if (!all) return;
  /** @type {Appointment | null} */
  let to = null;
  const rows = all.filter((each) => each.series_id === series_id).map((each) => {
    const go = (/** @type {Event} */ event) => {
      to = each;
      /** @type {HTMLElement} */ (event.target).closest("dialog")?.close();
    };
    return make("li", {}, make("button", { type: "button", onclick: go }, desk.when(each.start_time, true)), ` ${words.statuses[statusOf(each)]}`);
  });
  await desk.ask({ title: words.seriesOf(patient.name, rows.length), text: words.seriesText }, () => {}, make("ol", { class: "plain-list" }, ...rows));
  if (to) await goToVisit(desk, to);
}
