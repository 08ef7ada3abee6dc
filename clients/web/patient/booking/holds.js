/** Calls that hold a slot and give it back: all that is needed of a booking by who signs out. */

import { asFailure, call, LAST } from "../../shared/api.js";
import { draft, keptIds } from "./draft.js";

/** @import { Appointment, Page } from "../page.js" */
/** @import { Hold } from "./draft.js" */

/** The statuses of answers that are the same however often one asks; after all others, the server may have done what was asked. */
export const REFUSED = new Set([400, 403, 404, 409]);

/** Hold a slot (Failure). @param {Page["call"]} call @param {Hold} hold @returns {Promise<Appointment>} */
export async function request(call, { choice, requestId }) {
  const { patientId, doctorId, start, typeId, reason } = choice;
  const body = { patient_id: patientId, doctor_id: doctorId, start_time: start, appointment_type_id: typeId, reason, request_id: requestId };
  return (await call("/api/appointments:hold", { body })).appointment;
}

/** Give a hold back, unless it has ended (Failure). @param {Page["call"]} call @param {string} id */
export async function release(call, id) {
  await call(`/api/appointments/${id}:release`, { body: { request_id: crypto.randomUUID() } }).catch(unlessRefused);
}

/** What gives back all that the tabs of the browser keep, even once they have forgotten it. @returns {(token: string) => Promise<unknown>} */
export function lastReturn() {
  const { hold } = draft();
  // What is being confirmed is wanted.
  const ids = keptIds().filter((id) => !(hold?.confirming && hold.id === id));
  return (token) => {
    const once = (/** @type {string} */ path, options = {}) => call(path, { ...options, ...LAST, token });
    return Promise.allSettled([...ids.map((id) => release(once, id)), hold && !hold.id && request(once, hold).then(({ id }) => release(once, id))]);
  };
}

/** Nothing, in place of a refusal (Failure). @param {unknown} error @returns {undefined} */
export function unlessRefused(error) {
  if (!REFUSED.has(asFailure(error).status)) throw error;
}
