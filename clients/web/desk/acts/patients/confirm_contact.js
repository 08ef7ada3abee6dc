/** Confirms a new address or number of a patient, who tells the code that was sent there. */

import { asFailure } from "../../../shared/api.js";
import { codeOf, field } from "../../../shared/form.js";

/** @import { Desk } from "../../desk.js" */
/** @import { Known } from "./correct.js" */

/** The addresses and numbers that wait for their code. @param {Known} patient */
export function waiting({ pending_email, pending_phone }) {
  return [pending_email, pending_phone].filter(Boolean);
}

/** Ask for the code, and once more if another one waits. @param {Desk} desk @param {Known} patient @param {(patient: Known) => void} confirmed */
export async function confirmContact(desk, patient, confirmed) {
  const { words } = desk;
  let next = patient;
  const done = await desk.ask(
    { title: words.codeTitle, text: words.codeText(waiting(patient).join(", ")), confirm: words.codeButton },
    async (values) => {
      const code = codeOf(values.code);
      if (!/^\d{6}$/.test(code)) return [{ id: "code", text: words.codeMalformed }];
      try {
        next = (await desk.write(`/api/patients/${patient.id}:confirmContact`, { code })).patient;
      } catch (error) {
        const text = { CONTACT_CODE_WRONG: words.codeWrong, NOT_ALLOWED: words.codeNotHere }[asFailure(error).reason];
        if (!text) throw error;
        return [{ id: "code", text }];
      }
      confirmed(next);
      desk.say(words.done.contactConfirmed(patient.name));
    },
    field(words.code, { id: "code", inputmode: "numeric", autocomplete: "off", maxlength: 40 }),
  );
  if (done && waiting(next).length) await confirmContact(desk, next, confirmed);
}
