/** The administration of one clinic: what its parts share. */

import { asFailure } from "../shared/api.js";
import { make } from "../shared/elements.js";
import { sharedWords } from "../shared/words.js";
import { Writes } from "../shared/writes.js";
import { refused, words } from "./words.js";

/** @import { Failure } from "../shared/api.js" */
/** @import { Child } from "../shared/elements.js" */
/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @typedef {{id: string, name: string, time_zone: string, etag: string, policy: Record<string, number>, representative_policy: Record<string, number>, holidays?: string[], public_browsing?: boolean}} Clinic */

/** Where a table scrolls sideways if it is wider than the screen, with keys too. @param {string} label @param {...Child} children */
export function scrolling(label, ...children) {
  return make("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": label }, ...children);
}

export class Admin {
  #writes;
  #left = new AbortController();
  #text = make("p", { role: "status" });
  #alert = make("p", { role: "alert" });
  /** What was done last, and what went wrong. */
  bar = make("footer", { class: "bar", hidden: true }, this.#alert, this.#text);

  /** @param {Session} session @param {Language} lang @param {Clinic} clinic @param {Clinic[]} clinics @param {(why: string) => void} lock signs out */
  constructor(session, lang, clinic, clinics, lock) {
    this.session = session;
    this.lang = lang;
    this.clinic = clinic;
    this.clinics = clinics;
    this.lock = lock;
    this.words = words(lang);
    this.shared = sharedWords(lang);
    this.#writes = new Writes(session);
    this.refused = (/** @type {Failure} */ failure) => refused(lang, failure);
  }

  /** Ends when the part that is shown now is left. */
  get left() {
    return this.#left.signal;
  }

  leave() {
    this.#left.abort();
    this.#left = new AbortController();
  }

  /** The answer of a write (Failure). @param {string} path @param {object} body @param {string} method */
  write(path, body, method = "POST") {
    return this.#writes.send(path, body, method);
  }

  /** Try something; a refusal is shown in the bar. @param {() => Promise<unknown>} work */
  async attempt(work) {
    try {
      await work();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.status === 401) return this.lock(this.refused(failure));
      this.#show("", this.refused(failure));
    }
  }

  /** Say what was done. @param {string} text */
  say(text) {
    this.#show(text, "");
  }

  /** @param {string} text @param {string} alert */
  #show(text, alert) {
    this.#text.textContent = text;
    this.#alert.textContent = alert;
    this.bar.hidden = false;
    this.bar.classList.toggle("refused", Boolean(alert));
  }
}
