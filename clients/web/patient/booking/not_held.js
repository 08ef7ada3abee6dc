/** What stands in place of a slot that could not be held, and the ways on. */

import { make, written } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { sharedWords } from "../../shared/words.js";
import { giveBackAll } from "./booking.js";
import { statusOf } from "../appointments/appointments.js";
import { problem } from "../problem.js";

/** @import { Failure } from "../../shared/api.js" */
/** @import { Appointment, Doctor, Page } from "../page.js" */
/**
 * @typedef {{others: string, near: (doctorId: string, start: string) => string, again: () => void, before?: Appointment}} Ways
 * `others`: the address of other times; `near`: that of a time near it; `before`: what has the slot, if it is of whom one acts for.
 */

const ELSEWHERE = "ALTERNATIVE_REASON_SOONER_ELSEWHERE";

/** @param {Page} page @param {Doctor} doctor @param {string} patientId @param {Failure} failure @param {Ways} ways */
export function notHeld(page, doctor, patientId, failure, { others, near, again, before }) {
  const { text, lang } = page;
  const free = failure.alternatives.map(({ start_time, reason, doctor: other, clinic }) => {
    const clock = new WallClock(lang, (clinic ?? doctor.clinic).time_zone);
    return make(
      "a",
      { class: "button", href: near(other?.id ?? doctor.id, start_time) },
      `${clock.short(Date.parse(start_time))} ${clock.time(Date.parse(start_time))}`,
      make("small", {}, sharedWords(lang).near[reason] ?? "", ...(other ? [" ", written(other.name)] : []), ...(clinic && reason === ELSEWHERE ? [text.comma, written(clinic.name)] : [])),
    );
  });
  const mayHelp = !failure.reason || failure.status >= 500 || failure.status === 429;
  const trouble = make("div", {});
  return [
    make("h1", { tabindex: "-1" }, text.failed),
    make("p", { class: "message error", role: "alert" }, before ? ownText(page, before) : free.length ? text.slotTaken : page.say(failure)),
    free.length > 0 && make("p", {}, text.alternatives),
    free.length > 0 && make("div", { class: "actions near" }, ...free),
    trouble,
    make(
      "div",
      { class: "actions" },
      mayHelp && make("button", { class: "primary", onclick: again }, text.tryAgain),
      failure.reason === "TOO_MANY_HOLDS" && givingBack(page, patientId, trouble, again),
      make("a", { class: "button", href: others }, text.otherTime),
      before && statusOf(before.status) === "SCHEDULED" && make("a", { class: "button", href: `#/appointment?id=${before.id}` }, text.open),
    ),
  ].filter((each) => each instanceof Node);
}

/** Who has the slot, of those for whom one acts. @param {Page} page @param {Appointment} before */
function ownText({ text, people }, { patient, status }) {
  const name = patient.id === people.self.id ? "" : patient.name;
  return statusOf(status) === "SCHEDULED" ? text.family.bookedAlready(name) : text.family.keptAlready(name);
}

/** The button for who has closed the tabs in which other times are kept. @param {Page} page @param {string} patientId @param {HTMLElement} trouble @param {() => void} again */
function givingBack(page, patientId, trouble, again) {
  const giveBack = async () => {
    try {
      await giveBackAll(page, patientId);
      again();
    } catch (error) {
      trouble.replaceChildren(problem(page, error));
    }
  };
  return make("button", { class: "primary", onclick: giveBack }, page.text.giveBack);
}
