/** What people type into fields for digits, as they mean it: in full width, with any dashes, as on a card. Never for names. */

/** The first year of each era, less one. @type {Record<string, number>} */
const ERAS = { 明治: 1867, 大正: 1911, 昭和: 1925, 平成: 1988, 令和: 2018, M: 1867, T: 1911, S: 1925, H: 1988, R: 2018 };
const DATE = /^(?:(明治|大正|昭和|平成|令和|[MTSHR])(元|\d{1,2})|(\d{4}))(?:[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2}))?)?[年月日]?$/i;

/** Digits, dashes and letters in half width; the mark of long vowels, which Japanese keyboards give for a dash, is one. @param {string} [typed] */
export function plain(typed = "") {
  return typed.normalize("NFKC").replace(/[‐-―−ー]/g, "-").trim();
}

/** An email address in half width. @param {string} [typed] */
export function mailOf(typed = "") {
  return typed.normalize("NFKC").trim();
}

/**
 * A telephone number without what people write between its digits. One of Japan gets its country code at a clinic there, where
 * everybody leaves it out.
 * @param {string} [typed]
 * @param {string} [timeZone] of the clinic
 */
export function phoneOf(typed, timeZone = "") {
  const number = plain(typed).replace(/[\s().-]/g, "");
  if (timeZone !== "Asia/Tokyo") return number.replace(/^00/, "+");
  return number.replace(/^(?:010|00)/, "+").replace(/^0(?=[1-9]\d{8,9}$)/, "+81");
}

/** A date as `YYYY-MM-DD`, or without a day or a month that was left out; what is no date stays as it is. @param {string} [typed] */
export function dateOf(typed) {
  const text = plain(typed).replace(/\s/g, "");
  const [, era = "", ofEra = "", whole, month, day] = DATE.exec(text) ?? [];
  const year = whole ?? (era && String((ERAS[era.toUpperCase()] ?? 0) + (ofEra === "元" ? 1 : Number(ofEra))));
  return year ? [year, month, day].filter(Boolean).map((part) => part?.padStart(2, "0")).join("-") : text;
}
