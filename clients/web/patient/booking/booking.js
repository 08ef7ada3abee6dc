/** Holding a slot, and booking it, for a patient. A tab keeps one slot at a time. */

import { asFailure } from "../../shared/api.js";
import { statusOf } from "../appointments/appointments.js";
import { draft, dropDraft, keepDraft, keepHold } from "./draft.js";
import { REFUSED, release, request, unlessRefused } from "./holds.js";

/** @import { Appointment, Page } from "../page.js" */
/** @import { Choice, Hold } from "./draft.js" */

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
 * Learn what became of a confirmation that had no answer (Failure). If it was booked, the page goes there. If not, and the slot is not
 * wanted any more, it is given back first: so nothing can be booked later.
 * @param {Page} page
 * @param {Choice | null} wanted
 * @returns {Promise<boolean>} whether the page goes to what was booked
 */
export async function settle(page, wanted) {
  // Other calls under way do not matter to who looks at times.
  if (!draft().hold?.confirming) return false;
  const booked = await inTurn(() => outcome(page, wanted));
  if (booked) page.done("booked", { id: booked });
  return Boolean(booked);
}

/** @param {Page} page @param {Choice | null} wanted @returns {Promise<string>} the id of what was booked */
async function outcome(page, wanted) {
  const { hold } = draft();
  if (!hold?.confirming) return "";
  if (!wanted || !isKept(wanted)) await release(page.call, hold.id);
  if (await isBooked(page, hold.id)) {
    dropDraft();
    return hold.id;
  }
  if (!wanted || !isKept(wanted)) keepDraft({ hold: null });
  return "";
}

/** Which of somebody's appointments has a slot, or keeps it (Failure). @param {Page} page @param {string} patient_id @param {Choice} choice @returns {Promise<Appointment | undefined>} */
export async function having(page, patient_id, { doctorId, start }) {
  const query = new URLSearchParams({ patient_id, sort: "appointment_date,desc", size: "100" });
  for (const status of ["SCHEDULED", "HELD"]) query.append("status", `APPOINTMENT_STATUS_${status}`);
  /** @type {{appointments: Appointment[]}} */
  const { appointments } = await page.call(`/api/appointments?${query}`);
  return appointments.find((each) => each.doctor.id === doctorId && Date.parse(each.start_time) === Date.parse(start) && !(each.hold_expire_time && lapsed(page, each)));
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
  keepDraft({ hold });
  try {
    const appointment = await request(call, hold);
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

/** @param {Page} page @param {string} id */
async function isBooked(page, id) {
  const answer = await page.call(`/api/appointments/${id}`).catch(unlessRefused);
  return answer && statusOf(answer.appointment.status) === "SCHEDULED";
}
