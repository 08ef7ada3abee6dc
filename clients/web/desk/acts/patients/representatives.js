/** Lists who acts for a patient. */

import { make } from "../../../shared/elements.js";
import { dateInWords } from "../../../shared/wall_clock.js";
import { addRepresentative } from "./representative_add.js";
import { drawRepresentative } from "./representative.js";

/** @import { Desk } from "../../desk.js" */
/** @import { Representative, Whom } from "./representative.js" */

/** Show who acts for a patient, add and end them. @param {Desk} desk @param {Whom} patient */
export async function representatives(desk, patient) {
  const { words } = desk;
  const list = make("ul", { class: "plain-list", "aria-live": "polite" });
  const load = async () => {
    const answer = await desk.attempt("", () => desk.session.call(`/api/patients/${patient.id}/representatives?include_ended=true`));
    if (!answer) return false;
    /** @type {Representative[]} */
    const found = answer.representatives;
    const shown = [...found.filter((each) => each.active), ...found.filter((each) => !each.active)];
    const items = shown.map((each) => drawRepresentative(desk, patient, each, changed));
    list.replaceChildren(...(items.length ? items : [make("li", { class: "muted" }, words.noRepresentatives)]));
    return true;
  };
  const add = make("button", { type: "button", class: "primary", onclick: async () => (await addRepresentative(desk, patient)) && changed() }, words.addRepresentative);
  const changed = () => {
    add.focus();
    load();
  };
  if (!(await load())) return;
  const born = patient.birth_date ?? desk.lookup.person(patient.id)?.birth_date ?? "";
  const title = words.representativesOf(words.chosen(patient.name, dateInWords(desk.lang, born)));
  await desk.ask({ title, text: words.representativesText }, () => {}, list, make("p", {}, add));
}
