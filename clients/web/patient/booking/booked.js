/** What was booked, for the calendar and to print. */

import { make } from "../../shared/elements.js";
import { loadAppointment } from "../appointments/appointment.js";
import { calendarButton } from "./calendar_file.js";
import { appointmentFacts } from "../facts.js";

/** @import { View } from "../page.js" */

/** @type {View} */
export async function bookedView(page, query, signal) {
  const { text } = page;
  const { appointment, clinic, type, top } = await loadAppointment(page, query.get("id") ?? "", signal);
  return [
    ...top,
    make("h1", { tabindex: "-1", class: "done" }, text.bookedTitle),
    make("p", {}, appointment.patient.id === page.people.self.id ? text.bookedText : text.family.bookedFor(appointment.patient.name)),
    make("div", { class: "panel" }, appointmentFacts(page, appointment, clinic, type)),
    make(
      "div",
      { class: "actions" },
      calendarButton(page, appointment, clinic),
      make("button", { onclick: () => print() }, text.print),
      make("a", { class: "button", href: "#/appointments" }, text.appointmentsTitle),
    ),
  ];
}
