/** Holding a slot, and booking it, for a patient. */

import { draft, keepDraft } from "./draft.js";

/** @import { Appointment, Page } from "../page.js" */
/** @typedef {{patientId: string, doctorId: string, start: string, typeId: string}} Choice */

/**
 * Keep a slot (Failure). Asked again for the same slot, as after a reload, it is the same hold.
 * @param {Page} page
 * @param {Choice} choice
 * @returns {Promise<Appointment>}
 */
export async function hold(page, choice) {
  const { reason, holds } = draft();
  const key = [choice.patientId, choice.doctorId, choice.start, choice.typeId, reason].join(" ");
  const requestId = holds[key] ?? crypto.randomUUID();
  keepDraft({ holds: { [key]: requestId } });
  const held = await ask(page, choice, reason, requestId);
  if (!lapsed(page, held)) return held;
  return holdAnew(page, choice);
}

/** Keep a slot once more, after a hold has ended (Failure). @param {Page} page @param {Choice} choice */
export function holdAnew(page, choice) {
  keepDraft({ holds: {} });
  return hold(page, choice);
}

/** Whether a hold has ended. @param {Page} page @param {Appointment} held */
export function lapsed({ session }, held) {
  return Date.parse(held.hold_expire_time ?? "") <= session.clock.now();
}

/** Book what is held (Failure). @param {Page} page @param {Appointment} held @param {string} requestId @returns {Promise<Appointment>} */
export async function confirm(page, held, requestId) {
  return (await page.call(`/api/appointments/${held.id}:confirm`, { body: { request_id: requestId } })).appointment;
}

/** Give a slot back; if that fails, the hold ends by itself. @param {Page} page @param {Appointment} held */
export function release({ session }, held) {
  keepDraft({ holds: {} });
  session.call(`/api/appointments/${held.id}:release`, { body: { request_id: crypto.randomUUID() } }).catch(() => {});
}

/** @param {Page} page @param {Choice} choice @param {string} reason @param {string} requestId @returns {Promise<Appointment>} */
async function ask(page, { patientId, doctorId, start, typeId }, reason, requestId) {
  const body = {
    patient_id: patientId,
    doctor_id: doctorId,
    start_time: start,
    appointment_type_id: typeId,
    reason,
    request_id: requestId,
  };
  return (await page.call("/api/appointments:hold", { body })).appointment;
}
