/** The visits of a type that can be booked on a day. */

/** @import { Day } from "./live_week.js" */
/** @import { Page, Slot } from "../page.js" */

/** @param {Page} page @param {Day} day @param {string} typeId @returns {Promise<Slot[]>} */
export async function visitsOfDay(page, day, typeId) {
  if (!day.slots.some((each) => each.state === "SLOT_STATE_FREE")) return [];
  const query = { doctor_id: day.doctor_id, date: day.date, appointment_type_id: typeId, min_revision: String(day.revision) };
  return (await page.call(`/api/schedules/available-slots?${new URLSearchParams(query)}`)).slots;
}
