/** What is tried again whenever it ends or fails, until it is told to stop: a stream, and what is fetched when it says so. */

import { asFailure, Failure } from "../../shared/api.js";

/** @import { Session } from "../../shared/session.js" */
/** @typedef {(failure: Failure | null) => void} Connected told with every answer, and with why there is none */

/** The server sends a heartbeat every 15 s: longer silence means that the connection is lost. */
const SILENCE_MS = 22_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Hand over the messages of a stream.
 * @param {Session} session
 * @param {string} path
 * @param {AbortSignal} stop
 * @param {(message: any) => void} take
 * @param {Connected} connected
 */
export async function follow(session, path, stop, take, connected) {
  for (let failures = 0; !stop.aborted; ) {
    const silent = new AbortController();
    let timer = 0;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
    };
    try {
      listen();
      await session.stream(path, AbortSignal.any([stop, silent.signal]), (message) => {
        // What was on its way is still handed over after an abort.
        if (stop.aborted) return;
        listen();
        failures = 0;
        connected(null);
        take(message);
      });
    } catch (error) {
      if (stop.aborted) return;
      failures += 1;
      connected(silent.signal.aborted ? new Failure(0, "") : asFailure(error));
    } finally {
      clearTimeout(timer);
    }
    await pause(failures, stop);
  }
}

/** Fetches what is wanted, one after the other, and again until there is an answer. */
export class Fetcher {
  #fetch;
  #stop;
  #connected;
  /** @type {Set<string>} */
  #wanted = new Set();
  #fetching = false;

  /** @param {(ids: string[]) => Promise<unknown>} fetch @param {AbortSignal} stop @param {Connected} connected */
  constructor(fetch, stop, connected) {
    this.#fetch = fetch;
    this.#stop = stop;
    this.#connected = connected;
  }

  /** Fetch something that is asked for from now on: nothing that is on its way may be new enough (Failure if that is refused). @param {string[]} ids */
  async want(ids) {
    for (const id of ids) this.#wanted.add(id);
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      for (let failures = 0; this.#wanted.size && !this.#stop.aborted; ) {
        const now = [...this.#wanted];
        this.#wanted.clear();
        try {
          await this.#fetch(now);
          failures = 0;
          if (!this.#stop.aborted) this.#connected(null);
        } catch (error) {
          const failure = asFailure(error);
          if (this.#stop.aborted) return;
          if (failure.status >= 400 && failure.status < 500 && failure.status !== 429) throw failure;
          for (const id of now) this.#wanted.add(id);
          this.#connected(failure);
          await pause(++failures, this.#stop);
        }
      }
    } finally {
      this.#fetching = false;
    }
  }
}

/** Wait, longer with every failure, or until the network is back. @param {number} failures @param {AbortSignal} stop */
function pause(failures, stop) {
  const most = failures ? Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) : 500;
  return new Promise((resolve) => {
    setTimeout(resolve, most / 2 + (Math.random() * most) / 2);
    addEventListener("online", resolve, { once: true, signal: stop });
    stop.addEventListener("abort", resolve, { once: true });
  });
}
