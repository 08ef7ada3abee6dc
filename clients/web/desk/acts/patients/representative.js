/** One who acts for a patient: what there is to say of them, and the end of it. */

import { make } from "../../../shared/elements.js";
import { dateInWords, WallClock } from "../../../shared/wall_clock.js";

/** @import { Desk } from "../../desk.js" */
/**
 * @typedef {{id: string, name: string, relation: string, end_time: string, sees_records: boolean, active: boolean, note: string,
 *   clinic: {id: string, name: string, time_zone: string}}} Representative
 * @typedef {{id: string, name: string, birth_date?: string}} Whom
 */

/** How far the clock here may be behind the one that ended it. */
const SLOW_MS = 60_000;

/** What somebody is to the patient, in words. @param {Desk} desk @param {{relation: string}} representative */
export function relationOf({ words }, { relation }) {
  /** @type {Record<string, string>} */
  const relations = words.relations;
  return relations[relation.replace("REPRESENTATIVE_RELATION_", "")] ?? "";
}

/** The last day on which somebody acts, or acted, in words. @param {Desk} desk @param {Representative} representative */
export function lastDay({ lang }, { end_time, clinic }) {
  // It ends at midnight, when that day is over.
  return dateInWords(lang, new WallClock(lang, clinic.time_zone).date(Date.parse(end_time) - 1));
}

/** Until when somebody acts, or that it is over. @param {Desk} desk @param {Representative} representative */
function state(desk, representative) {
  const { words, clock } = desk;
  const day = lastDay(desk, representative);
  if (representative.active) return words.actsUntil(day);
  return Date.parse(representative.end_time) <= clock.now() + SLOW_MS ? words.endedOn(day) : words.actsNotNow;
}

/** @param {Desk} desk @param {Whom} patient @param {Representative} representative @param {() => void} ended */
export function drawRepresentative(desk, patient, representative, ended) {
  const { words } = desk;
  const { name, active, sees_records, note, clinic } = representative;
  const facts = [relationOf(desk, representative), state(desk, representative), active && !sees_records && words.noRecordsSeen, clinic.name];
  const end = async () => (await endRepresentative(desk, patient, representative)) && ended();
  return make(
    "li",
    {},
    make("strong", {}, make("bdi", {}, name)),
    " ",
    active && mayEnd(desk, representative) && make("button", { type: "button", "aria-label": words.endActing(name), onclick: end }, words.endShort),
    make("p", { class: "muted" }, make("bdi", {}, facts.filter(Boolean).join(" · "))),
    note && make("p", { class: "muted small" }, `${words.seen}: `, make("bdi", {}, note)),
  );
}

/** End that somebody acts for a patient, after a question; true if it was ended. @param {Desk} desk @param {Whom} patient @param {Representative} representative */
export function endRepresentative(desk, patient, { id, name }) {
  const { words } = desk;
  return desk.ask({ title: words.endActingTitle(name, patient.name), text: words.endActingText, confirm: words.endActingButton, danger: true }, async () => {
    await desk.session.call(`/api/representatives/${id}:end`, { method: "POST", body: {} });
    desk.say(words.done.representativeEnded(name, patient.name));
  });
}

/** Whether whoever is at the desk may end it. @param {Desk} desk @param {Representative} representative */
function mayEnd({ session: { account } }, { clinic }) {
  return account?.all_clinics || account?.clinic_ids.includes(clinic.id);
}
