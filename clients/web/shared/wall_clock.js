/** Times and dates on the wall clock of a zone. */

/** @import { Language } from "./language.js" */

const LOCALES = { en: "en-GB", ja: "ja-JP" };

export class WallClock {
  #time;
  #lang;
  #long;
  #short;
  #date;
  #zone;

  /**
   * @param {Language} lang
   * @param {string} timeZone
   */
  constructor(lang, timeZone) {
    const locale = LOCALES[lang];
    this.timeZone = timeZone;
    this.#lang = lang;
    this.#time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    this.#long = new Intl.DateTimeFormat(locale, { timeZone, weekday: lang === "ja" ? "short" : "long", day: "numeric", month: "long", year: "numeric" });
    this.#short = new Intl.DateTimeFormat(locale, { timeZone, weekday: "short", day: "numeric", month: "short" });
    this.#date = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
    this.#zone = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "long" });
  }

  /** `HH:MM`. @param {number} at */
  time(at) {
    return this.#time.format(at);
  }

  /** The date in words, such as `Friday 27 November 2026`, `2026年11月27日(金)`. @param {number} at */
  long(at) {
    return this.#long.format(at).replace(",", "");
  }

  /** Date and time in words, with the end if there is one. @param {number} at @param {number} [end] */
  longTime(at, end) {
    const [between, to] = this.#lang === "ja" ? [" ", "～"] : [", ", "–"];
    return `${this.long(at)}${between}${this.time(at)}${end ? to + this.time(end) : ""}`;
  }

  /** Weekday, day and month, such as `Fri 27 Nov`. @param {number} at */
  short(at) {
    return this.#short.format(at).replace(",", "");
  }

  /** `YYYY-MM-DD`. @param {number} at */
  date(at) {
    return this.#date.format(at);
  }

  /** An instant on a `YYYY-MM-DD` of the clock, about noon. @param {string} date */
  noon(date) {
    const at = Date.parse(`${date}T12:00:00Z`);
    const shown = this.date(at);
    if (shown === date) return at;
    return at + (shown < date ? 43_200_000 : -43_200_000);
  }

  /** The time of a moment that is past, with its day if that is over. @param {number} at @param {number} now */
  since(at, now) {
    return this.date(at) === this.date(now) ? this.time(at) : `${this.date(at)} ${this.time(at)}`;
  }

  /** The zone's name in words, such as `Japan Standard Time`. @param {number} at */
  zone(at) {
    return this.#zone.formatToParts(at).find((each) => each.type === "timeZoneName")?.value ?? this.timeZone;
  }

  /**
   * The instant of a wall time, `YYYY-MM-DDTHH:MM`; NaN if it is none. A time that clocks skip is moved on.
   * @param {string} text
   */
  instant(text) {
    const wanted = Date.parse(`${text}Z`);
    let at = wanted;
    // Twice: the offset at the first guess may be that of the other side of a change of clocks.
    for (let turn = 0; turn < 2 && !Number.isNaN(at); turn++) at += wanted - Date.parse(`${this.date(at)}T${this.time(at)}Z`);
    return at;
  }

  /** Whether the device's own clock shows another time. @param {number} at */
  differs(at) {
    const own = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" });
    const here = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: this.timeZone });
    return own.format(at) !== here.format(at);
  }
}

/** Date and time in words on the device's own clock. @param {Language} lang @param {string} instant */
export function onDevice(lang, instant) {
  return new WallClock(lang, Intl.DateTimeFormat().resolvedOptions().timeZone).longTime(Date.parse(instant));
}

/** A date of birth in words: `YYYY-MM-DD`, or without a day or a month that nobody knows; what is no date stays as it is. @param {Language} lang @param {string} date */
export function dateInWords(lang, date) {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(date) ?? [];
  if (!year) return date;
  const shown = new Intl.DateTimeFormat(LOCALES[lang], { timeZone: "UTC", year: "numeric", ...(month && { month: "long" }), ...(day && { day: "numeric" }) });
  return shown.format(Date.parse(`${year}-${month ?? "01"}-${day ?? "01"}T00:00:00Z`));
}

/** A `YYYY-MM-DD` some days later. @param {string} date @param {number} days */
export function plusDays(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
