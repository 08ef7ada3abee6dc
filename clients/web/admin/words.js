/** The words of the administration in the language that it speaks. */

import { refusal, sharedWords } from "../shared/words.js";
import { EN } from "./words/en.js";
import { JA } from "./words/ja.js";

/** @import { Failure } from "../shared/api.js" */
/** @import { Language } from "../shared/language.js" */
/** @typedef {import("./words/en.js").Words} Words */

/** @param {Language} lang @returns {Words} */
export function words(lang) {
  return lang === "ja" ? JA : EN;
}

/** What to say of a refusal. @param {Language} lang @param {Failure} failure */
export function refused(lang, failure) {
  return refusal(sharedWords(lang), words(lang).refusals, failure);
}
