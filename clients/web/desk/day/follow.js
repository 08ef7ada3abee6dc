/** A stream that is opened again whenever it ends, until it is told to stop. */

import { asFailure, Failure } from "../../shared/api.js";

/** @import { Session } from "../../shared/session.js" */

/** The server sends a heartbeat every 15 s: longer silence means that the connection is lost. */
const SILENCE_MS = 22_000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Hand over the messages of a stream.
 * @param {Session} session
 * @param {string} path
 * @param {AbortSignal} stop
 * @param {(message: any) => void} take
 * @param {(failure: Failure | null) => void} connected told with every message, and with why there are none
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

/** Wait, longer with every failure, or until the network is back. @param {number} failures @param {AbortSignal} stop */
function pause(failures, stop) {
  const most = failures ? Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) : 500;
  return new Promise((resolve) => {
    setTimeout(resolve, most / 2 + (Math.random() * most) / 2);
    addEventListener("online", resolve, { once: true, signal: stop });
    stop.addEventListener("abort", resolve, { once: true });
  });
}
