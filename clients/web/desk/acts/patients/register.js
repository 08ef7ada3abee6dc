/** Registers patients. */

import { field } from "../../../shared/form.js";
import { choice } from "../../../shared/ask.js";
import { query } from "../../view/finder.js";

/** @import { Desk } from "../../desk.js" */
/** @import { Patient } from "../../view/finder.js" */

/** Register a patient; null if that was given up. @param {Desk} desk @param {string} text what was searched for @returns {Promise<Patient | null>} */
export async function register(desk, text) {
  const { words } = desk;
  const known = query(text);
  /** @type {Patient | null} */
  let patient = null;
  await desk.ask(
    { title: words.registerTitle, confirm: words.registerButton },
    async (values) => {
      const { name = "", name_kana, birth_date = "", phone = "", email = "", language } = values;
      const number = phone.replace(/[\s()-]/g, "");
      const wrong = [];
      if (!name) wrong.push({ id: "name", text: words.nameMissing });
      if (birth_date && !/^\d{4}(-\d\d(-\d\d)?)?$/.test(birth_date)) wrong.push({ id: "birth_date", text: words.birthWrong });
      if (number && !/^\+[1-9]\d{6,14}$/.test(number)) wrong.push({ id: "phone", text: words.phoneWrong });
      if (email && !/^\S+@\S+\.\S+$/.test(email)) wrong.push({ id: "email", text: words.emailWrong });
      if (wrong.length) return wrong;
      patient = (await desk.write("/api/patients", { name, name_kana, birth_date, phone: number, email, language })).patient;
    },
    field(words.name, { id: "name", value: known.name ?? "", maxlength: 200, autocomplete: "off" }, { hint: words.nameHint }),
    field(words.kana, { id: "name_kana", maxlength: 200, autocomplete: "off" }),
    field(words.birthDate, { id: "birth_date", value: known.birth_date ?? "", inputmode: "numeric", autocomplete: "off" }, { hint: words.birthHint }),
    field(words.phone, { id: "phone", type: "tel", autocomplete: "off" }, { hint: words.phoneHint }),
    field(words.email, { id: "email", type: "email", autocomplete: "off" }),
    field(words.languageOfNotices, { id: "language" }, {
      control: choice("language", [{ value: "en", text: words.english }, { value: "ja", text: words.japanese }], desk.lang),
    }),
  );
  return patient;
}
