/** Holding a slot, and booking it, for a patient. A tab keeps one slot at a time. */

import { asFailure } from "../../shared/api.js";
import { statusOf } from "../appointments/appointments.js";
import { draft, dropDraft, keepDraft, keepHold } from "./draft.js";

/** @import { Appointment, Page } from "../page.js" */
/** @import { Choice, Hold } from "./draft.js" */

/** The statuses of answers that are the same however often one asks; after all others, the server may have done what was asked. */
const REFUSED = new Set([400, 403, 404, 409]);
/** @type {Promise<unknown>} */
let last = Promise.resolve();

/** Do one thing after the other: what is still held for one child may be in the way of another one. @template Answer @param {() => Promise<Answer>} work @returns {Promise<Answer>} */
function inTurn(work) {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

/**
 * Keep a slot, after giving back any other one (Failure). Asked again for the same slot, as after a reload, it is the same hold.
 * @param {Page} page
 * @param {Choice} choice
 * @returns {Promise<Appointment>}
 */
export function hold(page, choice) {
  return inTurn(async () => {
    if (!isKept(choice)) await giveBack(page.call);
    const held = await ask(page.call, draft().hold ?? newHold(choice));
    return lapsed(page, held) ? ask(page.call, newHold(choice)) : held;
  });
}

/** Whether a hold has ended. @param {Page} page @param {Appointment} held */
export function lapsed({ session }, held) {
  return Date.parse(held.hold_expire_time ?? "") <= session.clock.now();
}

/** Book what is held (Failure). @param {Page} page @param {Appointment} held @returns {Promise<Appointment>} */
export function confirm(page, held) {
  return inTurn(async () => {
    const { hold } = draft();
    if (hold) keepHold(hold, { confirming: true });
    try {
      // A hold is confirmed once. So its id identifies the request too: after a reload as well, it gets the answer that was lost.
      const { appointment } = await page.call(`/api/appointments/${held.id}:confirm`, { body: { request_id: held.id } });
      dropDraft();
      return appointment;
    } catch (error) {
      if (hold && REFUSED.has(asFailure(error).status)) keepHold(hold, { confirming: false });
      throw error;
    }
  });
}

/**
 * Learn what became of a confirmation that had no answer (Failure). If nothing was booked, and the slot is not wanted any more, it
 * is given back first: so nothing can be booked later.
 * @param {Page} page
 * @param {Choice | null} wanted
 * @returns {Promise<string>} the id of the appointment, if it is booked
 */
export async function settle(page, wanted) {
  // Other calls under way do not matter to who looks at times.
  if (!draft().hold?.confirming) return "";
  return inTurn(async () => {
    const { hold } = draft();
    if (!hold?.confirming) return "";
    if (!wanted || !isKept(wanted)) await release(page.call, hold.id);
    if (await isBooked(page, hold.id)) {
      dropDraft();
      return hold.id;
    }
    if (!wanted || !isKept(wanted)) keepDraft({ hold: null });
    return "";
  });
}

/** The id of the appointment, if the same patient has the slot already (Failure). @param {Page} page @param {Choice} choice @returns {Promise<string>} */
export async function bookedBefore(page, { patientId, doctorId, start }) {
  const query = new URLSearchParams({ patient_id: patientId, status: "APPOINTMENT_STATUS_SCHEDULED", sort: "appointment_date,desc", size: "100" });
  const { appointments } = await page.call(`/api/appointments?${query}`);
  const isIt = (/** @type {Appointment} */ each) => each.doctor.id === doctorId && Date.parse(each.start_time) === Date.parse(start);
  return appointments.find(isIt)?.id ?? "";
}

/** Give back what the tab keeps, once its view is left. If that fails, it is tried again before the next hold. @param {Page} page */
export function leave({ session }) {
  // What may be booked is settled where it can be told.
  inTurn(async () => draft().hold?.confirming || giveBack((path, options) => session.call(path, options))).catch(() => {});
}

/** Give back all times that are kept for a patient, wherever they were chosen (Failure). @param {Page} page @param {string} patientId */
export function giveBackAll(page, patientId) {
  return inTurn(async () => {
    const query = new URLSearchParams({ patient_id: patientId, status: "APPOINTMENT_STATUS_HELD" });
    const { appointments } = await page.call(`/api/appointments?${query}`);
    // What is offered by the clinic in place of an appointment stays.
    for (const { id, held_for_offer } of appointments) if (!held_for_offer) await release(page.call, id);
  });
}

/** Whether the tab keeps what is chosen. @param {Choice} choice */
function isKept(choice) {
  const { hold } = draft();
  return hold !== null && !hold.left && JSON.stringify(hold.choice) === JSON.stringify(choice);
}

/** @param {Choice} choice @returns {Hold} */
function newHold(choice) {
  return { choice, requestId: crypto.randomUUID(), id: "", confirming: false, left: false };
}

/** @param {Page["call"]} call @param {Hold} hold @returns {Promise<Appointment>} */
async function ask(call, hold) {
  const { patientId, doctorId, start, typeId, reason } = hold.choice;
  const body = { patient_id: patientId, doctor_id: doctorId, start_time: start, appointment_type_id: typeId, reason, request_id: hold.requestId };
  keepDraft({ hold });
  try {
    const { appointment } = await call("/api/appointments:hold", { body });
    keepHold(hold, { id: appointment.id });
    return appointment;
  } catch (error) {
    if (REFUSED.has(asFailure(error).status)) keepDraft({ hold: null });
    throw error;
  }
}

/** Give back what the tab keeps (Failure). @param {Page["call"]} call */
async function giveBack(call) {
  const { hold } = draft();
  if (!hold) return;
  keepHold(hold, { left: true });
  // If the answer was lost, it is asked for again.
  const id = hold.id || (await ask(call, { ...hold, left: true }).catch(unlessRefused))?.id;
  if (id) await release(call, id);
  keepDraft({ hold: null });
}

/** Give a hold back, unless it has ended (Failure). @param {Page["call"]} call @param {string} id */
async function release(call, id) {
  await call(`/api/appointments/${id}:release`, { body: { request_id: crypto.randomUUID() } }).catch(unlessRefused);
}

/** @param {Page} page @param {string} id */
async function isBooked(page, id) {
  const answer = await page.call(`/api/appointments/${id}`).catch(unlessRefused);
  return answer && statusOf(answer.appointment.status) === "SCHEDULED";
}

/** Nothing, in place of a refusal (Failure). @param {unknown} error @returns {undefined} */
function unlessRefused(error) {
  if (!REFUSED.has(asFailure(error).status)) throw error;
}
