/** A series: its dates, and which of them somebody wants to cancel. */

import { make, written } from "../../shared/elements.js";
import { when } from "../facts.js";
import { statusOf } from "./appointments.js";

/** @import { Appointment, Page } from "../page.js" */

const NEVER_BOOKED = new Set(["HELD", "EXPIRED"]);

/** The appointments of a series, by start; none if it was booked alone. @param {Page} page @param {Appointment} appointment @returns {Promise<Appointment[]>} */
export async function appointmentsOfSeries(page, { series_id, patient }) {
  if (!series_id) return [];
  const all = await page.signedIn(() => page.session.all("/api/appointments", { patient_id: patient.id }, "appointments"));
  /** @type {Appointment[]} */
  const own = all.filter((/** @type {Appointment} */ each) => each.series_id === series_id && !NEVER_BOOKED.has(statusOf(each.status)));
  return own.sort((a, b) => Date.parse(a.start_time) - Date.parse(b.start_time));
}

/** Its dates, each with a way to it. @param {Page} page @param {Appointment} shown @param {Appointment[]} series */
export function seriesDates(page, shown, series) {
  const { text } = page;
  /** @type {Record<string, string>} */
  const statuses = text.statuses;
  const dates = series.map((each) =>
    make(
      "li",
      { "aria-current": each.id === shown.id && "true" },
      make(
        "div",
        {},
        ...when(page, each.clinic, each.start_time),
        each.doctor.id !== shown.doctor.id && make("span", { class: "muted" }, written(each.doctor.name)),
        make("span", { class: `status ${statusOf(each.status).toLowerCase()}` }, statuses[statusOf(each.status)]),
      ),
      each.id === shown.id
        ? make("span", { class: "muted" }, text.seriesThis)
        : make("a", { class: "button", href: `#/appointment?id=${each.id}` }, text.open),
    ),
  );
  return series.length > 1 ? [make("h2", {}, text.seriesTitle(series.length)), make("ul", { class: "rows series" }, ...dates)] : [];
}

/** How many scheduled ones follow. @param {Appointment} appointment @param {Appointment[]} series */
export function following(appointment, series) {
  const later = series.filter((each) => Date.parse(each.start_time) > Date.parse(appointment.start_time));
  return later.filter((each) => statusOf(each.status) === "SCHEDULED").length;
}

/** Which ones to cancel. @param {Page} page @param {number} count how many follow */
export function whichToCancel({ text }, count) {
  const choice = (/** @type {string} */ value, /** @type {string} */ label) =>
    make("label", { class: "choice" }, make("input", { type: "radio", name: "which", id: `which-${value}`, value, checked: value === "one" }), make("span", {}, label));
  return make("fieldset", { class: "field" }, make("legend", {}, text.seriesWhich), choice("one", text.seriesOnlyThis), choice("rest", text.seriesRest(count)));
}
