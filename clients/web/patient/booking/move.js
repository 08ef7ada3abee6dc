/** Moving an appointment to a time that was chosen. */

import { make } from "../../shared/elements.js";
import { loadAppointment } from "../appointments/appointment.js";
import { doctorName, factList, place, when } from "../facts.js";
import { problem } from "../problem.js";

/** @import { View } from "../page.js" */

/** @type {View} */
export async function moveView(page, query, signal) {
  const { text } = page;
  const start = query.get("start") ?? "";
  const { appointment, clinic, top } = await loadAppointment(page, query.get("id") ?? "", signal);
  const requestId = crypto.randomUUID();
  const trouble = make("div", {});
  const button = make("button", { class: "primary" }, text.moveYes);
  button.addEventListener("click", async () => {
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true";
    trouble.replaceChildren();
    try {
      const body = { start_time: start, etag: appointment.etag, request_id: requestId };
      await page.call(`/api/appointments/${appointment.id}:reschedule`, { body });
      page.done("appointment", { id: appointment.id, done: "moved" });
    } catch (error) {
      button.ariaDisabled = null;
      trouble.replaceChildren(problem(page, error));
    }
  });
  if (Number.isNaN(Date.parse(start))) {
    page.go("appointment", { id: appointment.id });
    return [];
  }
  const others = new URLSearchParams({ doctor: appointment.doctor.id, type: appointment.appointment_type?.id ?? "", move: appointment.id });
  return [
    ...top,
    make("h1", { tabindex: "-1" }, text.movedTitle),
    trouble,
    make(
      "div",
      { class: "panel" },
      factList(
        [text.from, make("s", {}, ...when(page, clinic, appointment.start_time))],
        [text.to, when(page, clinic, start)],
        [text.who, doctorName(appointment.doctor)],
        [text.where, place(clinic)],
      ),
    ),
    make(
      "div",
      { class: "actions" },
      button,
      make("a", { class: "button", href: `#/times?${others}` }, text.otherTime),
      make("a", { class: "button", href: `#/appointment?id=${appointment.id}` }, text.moveNo),
    ),
  ];
}
