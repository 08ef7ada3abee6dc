/** Prints the day as plain tables, and tickets. */

import { make } from "../../shared/elements.js";
import { stateOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Ticket } from "../day/day.js" */

/** Whenever the page is printed, print the day as tables instead of its columns. @param {Desk} desk @param {AbortSignal} end */
export function printAsTables(desk, end) {
  /** @type {HTMLElement | null} */
  let sheet = null;
  addEventListener("beforeprint", () => document.body.append((sheet = tables(desk))), { signal: end });
  addEventListener("afterprint", () => sheet?.remove(), { signal: end });
}

/** A table for each doctor with appointments. @param {Desk} desk */
function tables(desk) {
  const { words, day, wall } = desk;
  const each = day.doctors.map((doctor) => {
    const rows = day.blocks(doctor.id).flatMap(({ appointment, start }) => {
      if (!appointment) return [];
      const state = stateOf(words, appointment);
      const cells = [wall.time(start), appointment.patient.name, appointment.appointment_type?.name ?? "", appointment.reason, state];
      return [make("tr", {}, ...cells.map((text) => make("td", {}, make("bdi", {}, text))))];
    });
    return rows.length ? make("table", {}, make("caption", {}, doctor.name), heads(words), make("tbody", {}, ...rows)) : null;
  });
  return make("div", { class: "sheet" }, make("h1", {}, `${desk.clinic.name} · ${desk.head.title}`), ...each);
}

/** @param {Desk["words"]} words */
function heads({ time, patient, type, reason, status }) {
  return make("thead", {}, make("tr", {}, ...[time, patient, type, reason, status].map((text) => make("th", { scope: "col" }, text))));
}

/** Print a ticket, in a window of its own that closes by itself. @param {Desk} desk @param {Ticket} ticket */
export function printTicket(desk, ticket) {
  const { clinic } = desk;
  const wait = ticket.expected_wait;
  const told = new URLSearchParams({
    label: ticket.label, doctor: desk.doctorName(ticket.lane_id), clinic: clinic.name, time: new Date(desk.clock.now()).toISOString(), zone: clinic.time_zone,
    ...(wait && { shortest: String(wait.shortest_minutes), longest: String(wait.longest_minutes) }), print: "",
  });
  open(`/ticket/?lang=${desk.lang}#${told}`, "yoyaku-ticket", "popup,width=420,height=640");
}
