/** Calls one after another: each is on the screen long enough to be read, and to be spoken. */

/** @import { Call } from "./lanes.js" */

const SHOWN_MS = 9_000;
/** How long a call is shown if others wait. */
const SHORT_MS = 6_000;
/** After so long the next one has its turn, even if a voice hangs. */
const LONGEST_MS = 20_000;
const MOST_WAITING = 30;
const RECENT = 5;
/** How long the lane of a call is marked. */
const MARKED_MS = 30_000;

export class Calls {
  #speak;
  /** @type {Call[]} */
  #waiting = [];
  /** @type {Call | null} */
  #current = null;
  #since = 0;
  #speaking = false;
  /** @type {(Call & {shownAt: number})[]} the newest first, those that wait for their turn included */
  recent = [];

  /** @param {(call: Call) => Promise<void>} speak announces a call by sound; ends when it has been heard */
  constructor(speak) {
    this.#speak = speak;
  }

  /** Take in calls; who is called again while still waiting has one turn. @param {Call[]} calls @param {number} now */
  add(calls, now) {
    for (const call of calls) {
      this.#note(call, now);
      this.#waiting = [...this.#waiting.filter(({ ticketId }) => ticketId !== call.ticketId), call].slice(-MOST_WAITING);
    }
  }

  /** Whose turn it is, or null. @param {number} now */
  turn(now) {
    if (this.#current && now >= this.#since + this.#length()) this.#current = null;
    const next = this.#current ? undefined : this.#waiting.shift();
    if (next) this.#begin(next, now);
    return this.#current;
  }

  /** Whether the lane was called lately. @param {string} laneId @param {number} now */
  isMarked(laneId, now) {
    return this.recent.some((call) => call.laneId === laneId && now < call.shownAt + MARKED_MS);
  }

  #length() {
    if (this.#speaking) return LONGEST_MS;
    return this.#waiting.length ? SHORT_MS : SHOWN_MS;
  }

  /** @param {Call} call @param {number} now */
  #note(call, now) {
    this.recent = [{ ...call, shownAt: now }, ...this.recent.filter(({ ticketId }) => ticketId !== call.ticketId)].slice(0, RECENT);
  }

  /** @param {Call} call @param {number} now */
  #begin(call, now) {
    this.#current = call;
    this.#since = now;
    this.#speaking = true;
    const place = this.recent.find(({ ticketId }) => ticketId === call.ticketId);
    if (place) place.shownAt = now;
    else this.#note(call, now);
    this.#speak(call).finally(() => {
      if (this.#current === call) this.#speaking = false;
    });
  }
}
