/** The words of a page in the language that it speaks, and what to say of a refusal. */

import { language } from "./language.js";

/** @import { Failure } from "./api.js" */
/** @import { Language } from "./language.js" */
/** @import { SharedWords } from "./words/en.js" */

const LANG = language();
/** @type {SharedWords} */
const WORDS = LANG === "ja" ? (await import("./words/ja.js")).JA : (await import("./words/en.js")).EN;

/** What every page says. @param {Language} lang that of the page: the words of no other are loaded */
export function sharedWords(lang) {
  if (lang !== LANG) throw new Error(`words of ${lang} on a page that speaks ${LANG}`);
  return WORDS;
}

/**
 * What to say of a refusal, and what to do.
 * @param {SharedWords} shared
 * @param {Record<string, string>} own what the page says of reasons that only it meets; it comes first
 * @param {Failure} failure
 */
export function refusal(shared, own, failure) {
  const { status, reason, retryAfterMs, violations } = failure;
  /** @type {Record<string, string>} */
  const known = shared.refusals;
  const text = own[reason] ?? known[reason];
  if (text) return text;
  if (violations.length) return violations.map(({ description }) => description).join(" ");
  if (retryAfterMs) return shared.busy(Math.ceil(retryAfterMs / 1000));
  return status ? shared.fault(reason || String(status)) : navigator.onLine ? shared.unreachable : shared.offline;
}
