/** The details of a patient, as they are asked for when one is registered or corrected. */

import { choice } from "../../../shared/ask.js";
import { field } from "../../../shared/form.js";
import { dateOf, mailOf, phoneOf } from "../../../shared/typed.js";

/** @import { Wrong } from "../../../shared/form.js" */
/** @import { Desk } from "../../desk.js" */
/** @typedef {{name: string, name_kana: string, birth_date: string, phone: string, email: string, language: string}} Details */

export const DETAILS = /** @type {const} */ (["name", "name_kana", "birth_date", "phone", "email", "language"]);

/**
 * A field for each detail, of the same id.
 * @param {Desk} desk
 * @param {Partial<Details>} known what the fields start with
 * @param {string} first the one that has the focus
 */
export function detailFields({ words, lang }, known, first = "name") {
  const of = (/** @type {keyof Details} */ id) => ({ id, value: known[id] ?? "", autocomplete: "off", autofocus: id === first });
  const languages = [{ value: "en", text: words.english }, { value: "ja", text: words.japanese }];
  return [
    field(words.name, { ...of("name"), maxlength: 200 }, { hint: words.nameHint }),
    field(words.kana, { ...of("name_kana"), maxlength: 200 }),
    field(words.birthDate, { ...of("birth_date"), inputmode: "numeric" }, { hint: words.birthHint }),
    field(words.phone, { ...of("phone"), type: "tel" }, { hint: words.phoneHint }),
    field(words.email, { ...of("email"), type: "email", maxlength: 254 }),
    field(words.languageOfNotices, { id: "language" }, { control: choice("language", languages, known.language || lang) }),
  ];
}

/** What was entered, and what is wrong with it. @param {Desk} desk @param {Record<string, string>} values @returns {{details: Details, wrong: Wrong[]}} */
export function entered({ words, clinic }, values) {
  const { name = "", name_kana = "", language = "" } = values;
  const birth_date = dateOf(values.birth_date);
  const phone = phoneOf(values.phone, clinic.time_zone);
  const email = mailOf(values.email);
  const wrong = [];
  if (!name) wrong.push({ id: "name", text: words.nameMissing });
  if (birth_date && !/^\d{4}(-\d\d(-\d\d)?)?$/.test(birth_date)) wrong.push({ id: "birth_date", text: words.birthWrong });
  if (phone && !/^\+[1-9]\d{6,14}(;ext=\d{1,20})?$/.test(phone)) wrong.push({ id: "phone", text: words.phoneWrong });
  if (email && !/^\S+@\S+\.\S+$/.test(email)) wrong.push({ id: "email", text: words.emailWrong });
  return { details: { name, name_kana, birth_date, phone, email, language }, wrong };
}
