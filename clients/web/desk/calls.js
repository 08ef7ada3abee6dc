/** How a desk asks people and the server, and says what came of it. */

import { asFailure } from "../shared/api.js";
import { Writes } from "../shared/writes.js";
import { Bar } from "./view/bar.js";
import { refused, WORDS } from "./words.js";

/** @import { Question } from "../shared/ask.js" */
/** @import { Child } from "../shared/elements.js" */
/** @import { Language } from "../shared/language.js" */
/** @import { Session } from "../shared/session.js" */
/** @import { Ticket } from "./day/day.js" */
/** @import { Words } from "./words.js" */
/** @import { ActWords } from "./words/en_acts.js" */
/** @typedef {typeof import("./acts/all.js")} Acts */
/** @import { Live } from "./day/live.js" */
/** @import { After } from "./view/bar.js" */

export class Calls {
  /** Those of dialogs come with these. @type {Words & ActWords} */
  words = /** @type {any} */ ({ ...WORDS });
  /** @type {Live | null} */
  live = null;
  /** Whether an act is awaited that is not loaded yet. */
  loading = false;
  /** @type {Acts | null} */
  #acts = null;
  #end;
  #writes;

  /** @param {{session: Session, lang: Language, end: AbortSignal, lock: (why?: string) => void}} place @param {(ticket: Ticket) => void} print */
  constructor({ session, lang, end, lock }, print) {
    this.#end = end;
    this.session = session;
    this.lang = lang;
    this.lock = lock;
    this.bar = new Bar(WORDS, () => this.undo(), print);
    this.#writes = new Writes(session);
  }

  undo() {
    return this.bar.takeBack();
  }

  /** Follow another day from now on. @param {Live} live */
  follow(live) {
    this.live?.stop();
    this.live = live;
  }

  /** Say what was done. @param {string} text @param {After} after */
  say(text, after = {}) {
    this.bar.say(text, after);
  }

  /**
   * Ask in a dialog, as `ask` does; only for acts, with which that is loaded.
   * @param {Question} question
   * @param {Parameters<Acts["ask"]>[2]} send
   * @param {...Child} children
   */
  ask(question, send, ...children) {
    if (!this.#acts) throw new Error("dialogs are not loaded");
    return this.#acts.ask(this.lang, { ...question, refused }, send, ...children);
  }

  /** The answer of a write (Failure). @param {string} path @param {object} body @param {string} [method] */
  write(path, body, method) {
    return this.#writes.send(path, body, method);
  }

  /** Load the acts (TypeError). */
  async #load() {
    const acts = await import("./acts/all.js");
    Object.assign(this.words, acts.ACT_WORDS);
    this.#acts = acts;
  }

  /**
   * Do something with the acts: at once if they are loaded, else once they are. Meanwhile keys do nothing: whoever types into
   * a dialog that is yet to open would give commands.
   * @template Answer
   * @param {(acts: Acts) => Promise<Answer>} use
   * @param {boolean} asked whether somebody waits for it
   */
  async act(use, asked = true) {
    if (!this.#acts) {
      this.loading = asked;
      await this.attempt("", () => this.#load());
      this.loading = false;
    }
    // Nobody is asked anything over the form that signs the next one in.
    if (this.#end.aborted) return undefined;
    return this.#acts && use(this.#acts);
  }

  /**
   * Try something; a refusal is told in the bar, and the doctor's day is fetched again. Undefined if it was refused.
   * @template Answer
   * @param {string} doctorId
   * @param {() => Promise<Answer>} work
   */
  async attempt(doctorId, work) {
    try {
      return await work();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.status === 401) this.lock(refused(failure));
      this.bar.refuse(refused(failure));
      if (doctorId) this.live?.refresh(doctorId);
      return undefined;
    }
  }
}
