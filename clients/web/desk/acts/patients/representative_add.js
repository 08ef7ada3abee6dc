/** Adds somebody who acts for a patient, and has the name compared with the papers. */

import { asFailure } from "../../../shared/api.js";
import { area, choice } from "../../../shared/ask.js";
import { make } from "../../../shared/elements.js";
import { field } from "../../../shared/form.js";
import { mailOf } from "../../../shared/typed.js";
import { dateInWords } from "../../../shared/wall_clock.js";
import { correct } from "./correct.js";
import { endRepresentative, lastDay, relationOf } from "./representative.js";

/** @import { Failure } from "../../../shared/api.js" */
/** @import { Wrong } from "../../../shared/form.js" */
/** @import { Desk } from "../../desk.js" */
/** @import { Representative, Whom } from "./representative.js" */

/** Add somebody; true if that was done, even if it was ended at once. @param {Desk} desk @param {Whom} patient */
export async function addRepresentative(desk, patient) {
  const { words } = desk;
  /** @type {Representative | null} */
  let added = null;
  const relations = Object.entries(words.relations).map(([value, text]) => ({ value, text }));
  const lead = make("p", { hidden: true }, make("button", { type: "button", onclick: enter }, words.enterBirthDate));
  async function enter() {
    if (!(await correct(desk, patient, "birth_date"))) return;
    lead.closest("form")?.querySelector("input")?.focus();
    lead.hidden = true;
  }
  await desk.ask(
    { title: words.addTitle(patient.name), confirm: words.addButton },
    async (values) => {
      const wrong = missing(desk, values);
      if (wrong.length) return wrong;
      const { relation, end: end_date, evidence: note } = values;
      const body = { email: mailOf(values.email), relation: `REPRESENTATIVE_RELATION_${relation}`, end_date, note, clinic_id: desk.clinic.id };
      try {
        added = (await desk.write(`/api/patients/${patient.id}/representatives`, body)).representative;
      } catch (error) {
        const refused = wrongFields(desk, asFailure(error));
        lead.hidden = !refused.some(({ text }) => text === words.birthDateNeeded);
        if (!refused.length) throw error;
        return refused;
      }
    },
    lead,
    field(words.email, { id: "email", type: "email", autocomplete: "off", maxlength: 254 }, { hint: words.accountHint }),
    field(words.relation, { id: "relation" }, { control: choice("relation", [{ value: "", text: words.chooseOne }, ...relations]) }),
    field(words.actsTo, { id: "end", type: "date" }, { hint: words.actsToHint }),
    field(words.evidence, { id: "evidence" }, { control: area("evidence"), hint: words.evidenceHint }),
  );
  if (added) await compare(desk, patient, added);
  return added !== null;
}

/** @param {Desk} desk @param {Record<string, string>} values @returns {Wrong[]} */
function missing({ words }, { email = "", relation, evidence }) {
  const wrong = [];
  if (!/^\S+@\S+\.\S+$/.test(mailOf(email))) wrong.push({ id: "email", text: words.emailWrong });
  if (!relation) wrong.push({ id: "relation", text: words.relationMissing });
  if (!evidence) wrong.push({ id: "evidence", text: words.evidenceMissing });
  return wrong;
}

/** What a refusal says of fields; empty if it is about none. @param {Desk} desk @param {Failure} failure @returns {Wrong[]} */
function wrongFields({ words, lang }, { reason, violations }) {
  const ofAccount = { ACCOUNT_NOT_FOUND: words.noSuchAccount, REPRESENTATIVE_EXISTS: words.actsAlready }[reason];
  if (ofAccount) return [{ id: "email", text: ofAccount }];
  const ofPatient = { NOT_ALLOWED: words.notOurPatient, TOO_MANY_REPRESENTATIVES: words.tooMany }[reason];
  if (ofPatient) return [{ id: "", text: ofPatient }];
  return violations.flatMap(({ field: name, description }) => {
    const latest = /\d{4}-\d\d-\d\d/.exec(description)?.[0];
    /** @type {Record<string, Wrong>} */
    const wrong = {
      // The address was checked before: the server refuses that of the patient.
      email: { id: "email", text: words.ownAccount },
      relation: { id: "relation", text: words.noParentOfAdult },
      end_date: { id: "end", text: latest ? words.endLatest(dateInWords(lang, latest)) : words.endPast },
      note: { id: "evidence", text: words.evidenceMissing },
      patient_id: { id: "", text: words.birthDateNeeded },
    };
    return wrong[name] ?? [];
  });
}

/** Have the name compared, and end it at once if it is somebody else's. @param {Desk} desk @param {Whom} patient @param {Representative} added */
async function compare(desk, patient, added) {
  const { words } = desk;
  const other = make("button", { type: "button", class: "danger", onclick: end }, words.notThisPerson);
  async function end() {
    if (await endRepresentative(desk, patient, added)) other.closest("dialog")?.close();
  }
  desk.say(words.done.representativeAdded(added.name, patient.name));
  await desk.ask(
    { title: words.compareTitle(added.name), text: words.compareText(added.name, relationOf(desk, added), patient.name, lastDay(desk, added)), confirm: words.samePerson, other },
    () => {},
  );
}
