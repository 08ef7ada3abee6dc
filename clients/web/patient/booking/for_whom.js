/** Whom an appointment is for: asked before the time is kept, of who acts for others. */

import { make, written } from "../../shared/elements.js";
import { doctorName, when } from "../facts.js";
import { personName, relationTo } from "../people/whose.js";

/** @import { Clinic, Doctor, Page } from "../page.js" */
/** @import { Person } from "../people/people.js" */

/** @param {Page} page @param {URLSearchParams} query what was chosen so far @param {Person[]} people @param {Doctor} doctor @param {Clinic} clinic */
export function askForWhom(page, query, people, doctor, clinic) {
  const { text } = page;
  const choices = people.map((each) => {
    const chosen = new URLSearchParams(query);
    chosen.set("for", each.id);
    const detail = each.acts && make("span", { class: "small muted" }, relationTo(page, each.acts.relation));
    return make("li", {}, make("a", { class: "person", href: `#/confirm?${chosen}` }, make("strong", {}, personName(page, each)), detail));
  });
  return [
    make("p", { class: "step" }, text.step(3, 3)),
    make("h1", { tabindex: "-1" }, text.family.forWhom),
    make("p", {}, ...when(page, clinic, query.get("start") ?? "").filter(Boolean)),
    make("p", { class: "with" }, ...doctorName(doctor), written(clinic.name)),
    make("ul", { class: "people" }, ...choices),
    make("p", { class: "muted" }, text.family.keptNext),
  ];
}
