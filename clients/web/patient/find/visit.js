/** What a visit is for: its type, where a clinic has types, and what the doctor should know. */

import { make, written } from "../../shared/elements.js";
import { field, form } from "../../shared/form.js";
import { draft, keepDraft, reasonFor } from "../booking/draft.js";
import { doctorName, typeName } from "../facts.js";
import { whose } from "../people/whose.js";

/** @import { AppointmentType, Page, View } from "../page.js" */

const MOST_CHARACTERS = 500;
const ORDINARY = "ordinary";

/** @type {View} */
export async function visitView(page, query) {
  const { text, shared } = page;
  const doctor = await page.directory.doctor(query.get("doctor") ?? "");
  const [clinic, types] = await Promise.all([page.directory.clinic(doctor.clinic.id), page.directory.types(doctor.clinic.id)]);
  page.callable(clinic);
  const patientId = query.get("for") ?? "";
  const reason = make("textarea", { id: "reason", name: "reason", rows: "3" }, patientId ? reasonFor(patientId) : draft().reason);
  return [
    make("p", { class: "step" }, text.step(1, 3)),
    ...(patientId ? await whose(page, patientId) : []),
    make("h1", { tabindex: "-1" }, types.length ? text.visitTitle : text.reasonTitle),
    make("p", { class: "with" }, ...doctorName(doctor), written(doctor.clinic.name)),
    form(
      shared.problem,
      (values) => {
        const wrong = [];
        if (types.length && !values.type) wrong.push({ id: `type-${types[0]?.id}`, text: text.visitMissing });
        if ((values.reason ?? "").length > MOST_CHARACTERS) wrong.push({ id: "reason", text: text.reasonLong });
        if (wrong.length) return wrong;
        const about = values.reason === draft().reason ? draft().reasonFor : "";
        keepDraft({ reason: values.reason ?? "", reasonFor: patientId || about });
        const type = values.type === ORDINARY ? "" : (values.type ?? "");
        const start = query.get("start") ?? "";
        // A free time that was chosen before is that of an ordinary visit.
        if (start && !type) page.go("confirm", { doctor: doctor.id, start, for: patientId });
        else page.go("times", { doctor: doctor.id, type, date: query.get("date") ?? "", for: patientId });
      },
      types.length > 0 && choices(page, types, query.get("type")),
      field(types.length ? text.reasonTitle : text.reason, { id: "reason" }, { control: reason, hint: text.reasonHint }),
      make("div", { class: "actions" }, make("button", { class: "primary" }, text.goOn), make("a", { class: "button", href: `#/?${draft().find}` }, text.back)),
    ),
  ];
}

/** @param {Page} page @param {AppointmentType[]} types @param {string | null} chosen */
function choices(page, types, chosen) {
  const { text } = page;
  const options = types.map((each) => choice(each.id, typeName(page, each), typeHint(page, each), each.id === chosen));
  options.push(choice(ORDINARY, text.ordinary, text.ordinaryHint, false));
  return make("fieldset", { class: "field" }, make("legend", { class: "hidden-text" }, text.visitTitle), make("div", {}, ...options));
}

/** @param {string} id @param {string} label @param {string} hint @param {boolean} checked */
function choice(id, label, hint, checked) {
  return make(
    "label",
    { class: "choice" },
    make("input", { type: "radio", name: "type", id: `type-${id}`, value: id, checked }),
    make("span", {}, written(label), make("span", { class: "hint" }, hint)),
  );
}

/** @param {Page} page @param {AppointmentType} type */
function typeHint({ text }, { minutes, audience }) {
  const whom = audience.endsWith("_NEW") ? text.onlyNew : audience.endsWith("_KNOWN") ? text.onlyKnown : "";
  return [text.minutes(minutes), whom].filter(Boolean).join(text.comma);
}
