/** The words of the acts that ask something first, in the language that the desk speaks. */

import { language } from "../../shared/language.js";

/** @import { ActWords } from "../words/en_acts.js" */

/** @type {ActWords} */
export const ACT_WORDS = language() === "ja" ? (await import("../words/ja_acts.js")).JA_ACTS : (await import("../words/en_acts.js")).EN_ACTS;
