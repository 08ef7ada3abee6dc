/** How blocks of the day look, and what they say of themselves. */

import { stateOf, statusOf, ticketStatusOf } from "../day/day.js";

/** @import { Block, Day, Slot } from "../day/day.js" */
/** @import { Words } from "../words.js" */

/** What a slot is for a desk. @param {Slot | null} slot @param {number} end @param {number} now */
export function stateOfSlot(slot, end, now) {
  if (slot?.state === "SLOT_STATE_TAKEN") return "taken";
  if (slot?.state === "SLOT_STATE_ELSEWHERE") return "elsewhere";
  if (end <= now) return "over";
  return slot?.state === "SLOT_STATE_PAST" ? "staffOnly" : "free";
}

/** How a block looks, and what it says of itself. @param {Words} words @param {Block} block @param {Day} day @param {number} now */
export function describe(words, { appointment, slot, start, end }, day, now) {
  if (!appointment) {
    const state = stateOfSlot(slot, end, now);
    const look = state === "staffOnly" ? "staff-only" : state;
    return { look, state: state === "free" && (slot?.seats_free ?? 0) > 1 ? words.seats(slot?.seats_free ?? 0) : words.slots[state] };
  }
  const status = statusOf(appointment);
  const ticket = day.ticket(appointment.id)?.ticket;
  const late = status === "SCHEDULED" ? Math.floor((now - start) / 60_000) : 0;
  const queued = status === "CHECKED_IN" && ticket ? ticketStatusOf(ticket) : "";
  const called = ticket && queued === "CALLED";
  const text = queued === "SKIPPED" ? words.skipped : late > 0 ? words.late(late) : called ? words.called(ticket.room) : status === "SCHEDULED" && appointment.confirm_time ? words.confirmed : stateOf(words, appointment);
  const look = `${status.toLowerCase().replace("_", "-")}${late > 0 ? " late" : ""}${called ? " called" : ""}`;
  return { look, state: ticket && status === "CHECKED_IN" ? `${ticket.label} · ${text}` : text };
}
