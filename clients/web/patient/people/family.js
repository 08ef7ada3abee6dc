/** For whom a person acts, and who acts for a person: parts of the view of one's details. */

import { make, written } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { factList } from "../facts.js";
import { relationTo } from "./whose.js";

/** @import { Page } from "../page.js" */
/** @import { Person, Representative } from "./people.js" */

/** The last day on which a representative acts. @param {Page} page @param {Representative} representative */
export function lastDay({ lang }, { end_time, clinic }) {
  // It ends at midnight, when that day is over.
  return new WallClock(lang, clinic.time_zone).long(Date.parse(end_time) - 1);
}

/** Who acts for a patient now (Failure). @param {Page} page @param {string} patientId @returns {Promise<Representative[]>} */
export async function representativesOf(page, patientId) {
  const { representatives } = await page.call(`/api/patients/${patientId}/representatives`);
  return representatives.filter((/** @type {Representative} */ each) => each.active);
}

/** What a person's own details say of family. @param {Page} page @param {Person[]} people @param {Representative[]} representatives who act for the person */
export function family(page, people, representatives) {
  const { family: words } = page.text;
  const others = people.flatMap(({ acts }) => (acts ? [acts] : []));
  return [
    make("h2", {}, words.title),
    others.length ? make("p", { class: "muted" }, words.actsLead) : make("p", { class: "muted" }, words.nobody),
    others.length > 0 && make("ul", { class: "rows" }, ...others.map((each) => forWhom(page, each))),
    representatives.length > 0 && make("h2", {}, words.byTitle),
    representatives.length > 0 && make("p", { class: "muted" }, words.byLead),
    representatives.length > 0 && make("ul", { class: "rows" }, ...representatives.map((each) => byWhom(page, each))),
  ];
}

/** What somebody's details say of how the one who looks acts for them. @param {Page} page @param {Representative} acts */
export function acting(page, acts) {
  const { family: words } = page.text;
  return [
    make("h2", {}, words.youAct),
    factList([words.as, relationOf(page, acts.relation)], [words.lastDay, lastDay(page, acts)], [words.records, acts.sees_records ? words.recordsSeen : words.recordsUnseen]),
    make("div", { class: "actions" }, make("a", { class: "button", href: stopping(acts) }, words.stop(acts.patient.name))),
  ];
}

/** @param {Page} page @param {Representative} acts */
function forWhom(page, acts) {
  const { family: words } = page.text;
  return row(acts.patient.name, [relationTo(page, acts.relation), words.until(lastDay(page, acts))], stopping(acts), words.stopShort, words.stop(acts.patient.name));
}

/** @param {Page} page @param {Representative} representative */
function byWhom(page, representative) {
  const { family: words } = page.text;
  const { name, relation } = representative;
  return row(name, [relationOf(page, relation), words.until(lastDay(page, representative))], stopping(representative), words.endShort, words.end(name));
}

/** @param {string} name @param {string[]} facts @param {string} address @param {string} act @param {string} label what the act is about */
function row(name, facts, address, act, label) {
  const lines = facts.map((each) => make("span", { class: "muted" }, each));
  return make("li", {}, make("div", {}, make("strong", {}, written(name)), ...lines), make("a", { class: "button", href: address, "aria-label": label }, act));
}

/** @param {Representative} representative */
function stopping({ id }) {
  return `#/stop?id=${id}`;
}

/** What a representative is to the patient. @param {Page} page @param {string} name of a RepresentativeRelation */
export function relationOf({ text }, name) {
  /** @type {Record<string, string>} */
  const relations = text.family.relations;
  return relations[name.replace("REPRESENTATIVE_RELATION_", "")] ?? "";
}
