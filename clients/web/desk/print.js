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

/** Print a ticket: its number, for whom it is not said. @param {Desk} desk @param {Ticket} ticket */
export function printTicket(desk, ticket) {
  const at = `${desk.wall.long(desk.clock.now())} ${desk.wall.time(desk.clock.now())}`;
  print(make("div", { class: "ticket" }, make("p", {}, desk.clinic.name), make("strong", {}, ticket.label), make("p", {}, desk.doctorName(ticket.lane_id)), make("p", {}, at)));
}

/** Print these elements instead of the page. @param {...Node} children */
function print(...children) {
  const sheet = make("div", { class: "sheet" }, ...children);
  document.body.append(sheet);
  document.body.classList.add("printing");
  addEventListener("afterprint", () => (sheet.remove(), document.body.classList.remove("printing")), { once: true });
  window.print();
}
