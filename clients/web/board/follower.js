/** Follows a stream of a clinic for as long as the page is open, and knows how old the last message is. */

import { call, Failure, stream } from "../shared/api.js";

/** @import { Clock } from "../shared/api.js" */
/** @import { Device, Token } from "./device.js" */

/** The server sends a heartbeat every 15 s. */
const SILENCE_MS = 22_000;
/** How long a stream that the server ended may take to be back before the board calls itself out of date. */
const GRACE_MS = 3_000;
const LONGEST_PAUSE_MS = 15_000;
/** A stream that lasted so long and was cut off is asked for again at once: its worker may have died, and others live. */
const LASTED_MS = 2_000;

/**
 * @typedef {object} Source what to follow
 * @property {(token: Token) => string} clinicId empty if there is none
 * @property {(token: Token, clinicId: string) => Promise<void>} learn what the page must know before the stream begins
 * @property {(clinicId: string) => string} path of the stream
 * @property {(message: any) => void} take a message of the stream
 * @property {() => void} lost is called whenever the stream cannot be followed for now
 */

export class Follower {
  #device;
  #clock;
  #source;
  /** When the last message came, and from when on it is out of date. */
  heardAt = 0;
  staleAt = Infinity;
  /** @type {Failure | null} what the server says against the last call; null if it was not reached */
  failure = null;

  /** @param {Device} device @param {Clock} clock @param {Source} source */
  constructor(device, clock, source) {
    this.#device = device;
    this.#clock = clock;
    this.#source = source;
  }

  /** Nothing was heard that still counts. */
  forget() {
    this.heardAt = 0;
  }

  async run() {
    for (let failures = 0; ; ) {
      const before = this.heardAt;
      const began = performance.now();
      try {
        await this.#follow();
        failures = 0;
        this.#lose(GRACE_MS);
      } catch (error) {
        console.warn("lost:", error);
        const lasted = this.heardAt > before && performance.now() > began + LASTED_MS;
        if (this.heardAt > before) failures = 0;
        this.#lose(0);
        this.failure = error instanceof Failure ? error : null;
        this.#source.lost();
        if (!lasted) failures += 1;
      }
      await pause(failures);
    }
  }

  /** Follow until the stream ends, it falls silent, or the token should be renewed. */
  async #follow() {
    const token = await this.#device.token();
    const clinicId = this.#source.clinicId(token);
    const stop = new AbortController();
    let planned = false;
    let silence = 0;
    const renewal = token.renewAt < Infinity ? setTimeout(() => ((planned = true), stop.abort()), token.renewAt - Date.now()) : 0;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
      if (!clinicId) await clinicMissing(token);
      await this.#source.learn(token, clinicId);
      listen();
      await stream(this.#source.path(clinicId), token.text, stop.signal, (message) => {
        listen();
        if (message.heartbeat) this.#clock.set(message.heartbeat.time);
        if (message.closing) planned = true;
        this.#source.take(message);
        this.#hear();
      });
    } catch (error) {
      if (error instanceof Failure && error.status === 401) this.#device.refused(error);
      if (!planned) throw error;
    } finally {
      clearTimeout(silence);
      clearTimeout(renewal);
    }
    if (!planned) throw new Failure(0, "");
  }

  #hear() {
    this.heardAt = this.#clock.now();
    this.staleAt = Infinity;
    this.failure = null;
  }

  /** @param {number} graceMs */
  #lose(graceMs) {
    if (this.heardAt) this.staleAt = Math.min(this.staleAt, this.#clock.now() + graceMs);
  }
}

/** Ends in a Failure: that of the token if it is not good, else CLINIC_MISSING. @param {Token} token */
async function clinicMissing(token) {
  await call("/api/clinics?size=1", { token: token.text });
  throw new Failure(400, "CLINIC_MISSING");
}

/** Wait, longer with every failure, or until the network is back. @param {number} failures */
function pause(failures) {
  const most = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures);
  return new Promise((resolve) => {
    setTimeout(resolve, (failures ? 0.5 : 0) * most + Math.random() * 0.5 * most);
    addEventListener("online", resolve, { once: true });
  });
}
