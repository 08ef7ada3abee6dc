/** Whose a view is: said on top of it, and chosen there. Who acts for nobody sees neither. */

import { make, written } from "../../shared/elements.js";

/** @import { Page } from "../page.js" */
/** @import { Person } from "./people.js" */

/** Whose a view is, in a line above its heading. @param {Page} page @param {string} patientId @returns {Promise<HTMLElement[]>} */
export async function whose(page, patientId) {
  const people = await page.people.all();
  const person = people.find((each) => each.id === patientId);
  return person && people.length > 1 ? [make("p", { class: "whose" }, make("strong", {}, personName(page, person)), relation(page, person))] : [];
}

/** Chooses whose a view shows. @param {Page} page @param {Person} shown @param {() => void} again draws the view anew @returns {Promise<HTMLElement[]>} */
export async function chooser(page, shown, again) {
  const people = await page.people.all();
  const buttons = people.map((each) => {
    const choose = () => {
      page.people.choose(each.id);
      again();
    };
    return make("button", { type: "button", "aria-pressed": String(each.id === shown.id), onclick: choose }, personName(page, each));
  });
  return people.length > 1 ? [make("div", { class: "chooser", role: "group", "aria-label": page.text.family.whose }, ...buttons)] : [];
}

/** A heading of a view that shows somebody's own: another one for each of the others. @param {Page} page @param {Person} person @param {string} own @param {(name: string) => string} others */
export function headingOf({ text }, person, own, others) {
  return make("h1", { tabindex: "-1" }, person.acts ? others(person.name || text.unknown) : own);
}

/** @param {Page} page @param {Person} person */
export function personName({ text }, person) {
  return person.acts ? written(person.name) : text.family.me;
}

/** The name of one of those for whom one acts; empty for oneself. @param {Page} page @param {Person[]} people @param {string} id */
export function nameOf({ text }, people, id) {
  const person = people.find((each) => each.id === id);
  return person && !person.acts ? "" : person?.name || text.unknown;
}

/** @param {Page} page @param {Person} person */
function relation(page, { acts }) {
  return acts && make("span", { class: "muted" }, relationTo(page, acts.relation));
}

/** What the one who looks is to a patient. @param {Page} page @param {string} name of a RepresentativeRelation */
export function relationTo({ text }, name) {
  /** @type {Record<string, string>} */
  const relations = text.family.youAre;
  return relations[name.replace("REPRESENTATIVE_RELATION_", "")] ?? "";
}
