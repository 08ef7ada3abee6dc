/** Prints the day as plain tables, and tickets. */

import { make } from "../shared/elements.js";
import { statusOf } from "./day.js";

/** @import { Desk } from "./desk.js" */
/** @import { Ticket } from "./day.js" */

/** Print the day, doctor by doctor. @param {Desk} desk */
export function printDay(desk) {
  const { words, day, wall } = desk;
  const tables = day.doctors.map((doctor) => {
    const rows = day.blocks(doctor.id).flatMap(({ appointment, start }) => {
      if (!appointment) return [];
      const state = words.statuses[statusOf(appointment)];
      const cells = [wall.time(start), appointment.patient.name, appointment.appointment_type?.name ?? "", appointment.reason, state];
      return [make("tr", {}, ...cells.map((text) => make("td", {}, make("bdi", {}, text))))];
    });
    return rows.length ? make("table", {}, make("caption", {}, doctor.name), make("tbody", {}, ...rows)) : null;
  });
  print(make("h1", {}, `${desk.clinic.name} · ${desk.head.title}`), ...tables.filter((each) => each !== null));
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

/** Print these elements instead of the page. @param {...Node} children */
function print(...children) {
  const sheet = make("div", { class: "sheet" }, ...children);
  document.body.append(sheet);
  document.body.classList.add("printing");
  addEventListener("afterprint", () => (sheet.remove(), document.body.classList.remove("printing")), { once: true });
  window.print();
}
