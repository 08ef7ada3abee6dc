/** The words of the desk in the language that it speaks; those of the other are not loaded. */

import { language } from "../shared/language.js";
import { refusal, sharedWords } from "../shared/words.js";

/** @import { Failure } from "../shared/api.js" */
/** @typedef {import("./words/en.js").Words} Words */

/** @type {Words} */
export const WORDS = language() === "ja" ? (await import("./words/ja.js")).JA : (await import("./words/en.js")).EN;

/** What to say of a refusal. @param {Failure} failure */
export function refused(failure) {
  return refusal(sharedWords(language()), WORDS.refusals, failure);
}
