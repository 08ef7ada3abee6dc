/** A person's appointments: what is coming up, and what was. */

import { make, written } from "../../shared/elements.js";
import { when } from "../facts.js";
import { chooser, headingOf } from "../people/whose.js";
import { problem } from "../problem.js";

/** @import { Appointment, Page, View } from "../page.js" */

const COMING = new Set(["SCHEDULED", "CHECKED_IN", "IN_PROGRESS"]);
/** Holds are steps on the way to a booking, and say nothing to who looks back. */
const LISTED = [...COMING, "COMPLETED", "CANCELLED", "NO_SHOW"];
const PAGE_SIZE = "50";

/** @type {View} */
export async function appointmentsView(page, _query, _signal, again) {
  const { text } = page;
  const person = await page.people.chosen();
  const coming = make("ul", { class: "rows" });
  const past = make("ul", { class: "rows" });
  const more = make("div", {});
  const nobody = make("div", {}, make("p", {}, text.noUpcoming), make("a", { class: "button primary", href: "#/" }, text.findTitle));
  const earlier = make("h2", {}, text.past);
  const load = async (/** @type {string} */ token) => {
    const { appointments, next_page_token } = await ask(page, person.id, token);
    for (const each of appointments) {
      // The newest is first in the answer; what comes up is told by when it comes.
      if (isComing(page, each)) coming.prepend(row(page, each));
      else past.append(row(page, each));
    }
    nobody.hidden = coming.children.length > 0;
    earlier.hidden = !past.children.length;
    const older = () => load(next_page_token).catch((error) => more.prepend(problem(page, error)));
    more.replaceChildren(...(next_page_token ? [make("button", { onclick: older }, text.showOlder)] : []));
  };
  const [whose] = await Promise.all([chooser(page, person, again), load("")]);
  const heading = headingOf(page, person, text.appointmentsTitle, text.family.appointmentsOf);
  return [...whose, heading, make("h2", {}, text.upcoming), nobody, coming, earlier, past, more];
}

/** @param {Page} page @param {string} patient_id @param {string} token @returns {Promise<{appointments: Appointment[], next_page_token: string}>} */
function ask(page, patient_id, token) {
  const query = new URLSearchParams({ patient_id, size: PAGE_SIZE, sort: "appointment_date,desc", page_token: token });
  for (const status of LISTED) query.append("status", `APPOINTMENT_STATUS_${status}`);
  return page.call(`/api/appointments?${query}`);
}

/** Whether it is still ahead, or going on. @param {Page} page @param {Appointment} appointment */
export function isComing({ session }, { status, end_time }) {
  return COMING.has(statusOf(status)) && Date.parse(end_time) > session.clock.now();
}

/** @param {string} status */
export function statusOf(status) {
  return status.replace("APPOINTMENT_STATUS_", "");
}

/** @param {Page} page @param {Appointment} appointment */
function row(page, appointment) {
  const { text } = page;
  /** @type {Record<string, string>} */
  const statuses = text.statuses;
  const status = statusOf(appointment.status);
  return make(
    "li",
    {},
    make(
      "div",
      {},
      ...when(page, appointment.clinic, appointment.start_time),
      make("span", { class: "muted" }, written(appointment.doctor.name), text.comma, written(appointment.clinic.name)),
      appointment.series_id && make("span", { class: "muted" }, text.seriesPart),
      make("span", { class: `status ${status.toLowerCase()}` }, statuses[status]),
    ),
    make("a", { class: "button", href: `#/appointment?id=${appointment.id}` }, text.open),
  );
}
