/** A week of a doctor as it changes: the days come by a stream, which is opened again whenever it ends. */

import { Failure } from "../../shared/api.js";

/** @import { Page } from "../page.js" */
/**
 * @typedef {{time_slot: string, start_time: string, end_time: string, state: string}} DaySlot
 * @typedef {{doctor_id: string, date: string, epoch: number, revision: number, slots: DaySlot[], closed_reason: string}} Day
 * @typedef {"connecting" | "live" | "stale" | "refused"} Connection
 */

export const DAYS = 7;
/** The server sends a heartbeat every 15 s. */
const SILENCE_MS = 22_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Follow a week until the signal; each day is handed over as it is, and again whenever it changes.
 * @param {Page} page
 * @param {{doctorId: string, from: string}} week
 * @param {AbortSignal} signal
 * @param {(day: Day) => void} take
 * @param {(connection: Connection, failure: Failure | null) => void} tell
 */
export async function followWeek(page, { doctorId, from }, signal, take, tell) {
  const path = `/api/schedules/slots:watch?${new URLSearchParams({ doctor_ids: doctorId, date: from, days: String(DAYS) })}`;
  /** @type {Map<string, Day>} */
  const newest = new Map();
  const put = (/** @type {Day} */ day) => {
    const known = newest.get(day.date);
    // Another worker may be slightly behind the one that was lost.
    if (known && (known.epoch - day.epoch || known.revision - day.revision) > 0) return;
    newest.set(day.date, day);
    take(day);
  };
  for (let failures = 0; !signal.aborted; ) {
    const failure = await listen(page, path, signal, put, () => {
      failures = 0;
      tell("live", null);
    });
    if (signal.aborted) return;
    if (failure) {
      failures += 1;
      tell(failure.reason === "TOO_MANY_STREAMS" ? "refused" : "stale", failure);
    }
    await pause(failures, signal);
  }
}

/**
 * One stream, until it ends: null if the server ended it as planned.
 * @param {Page} page
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {(day: Day) => void} put
 * @param {() => void} heard
 */
async function listen(page, path, signal, put, heard) {
  const stop = new AbortController();
  const ended = () => stop.abort();
  signal.addEventListener("abort", ended);
  addEventListener("offline", ended);
  let silence = setTimeout(ended, SILENCE_MS);
  let planned = false;
  try {
    await page.signedIn(() =>
      page.session.stream(path, stop.signal, (message) => {
        clearTimeout(silence);
        silence = setTimeout(ended, SILENCE_MS);
        if (message.day) put(message.day);
        if (message.closing) planned = true;
        heard();
      }),
    );
  } catch (error) {
    if (error instanceof Failure) return error;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", ended);
    removeEventListener("offline", ended);
  }
  return planned ? null : new Failure(0, "");
}

/** Wait, longer with every failure, or until the network is back. @param {number} failures @param {AbortSignal} signal */
function pause(failures, signal) {
  const most = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);
  return new Promise((resolve) => {
    setTimeout(resolve, failures ? most * (0.5 + 0.5 * Math.random()) : 0);
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
