/** What a desk asks about an appointment: a step back, a cancellation, its history. */

import { area, choice } from "../../shared/ask.js";
import { make } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { statusOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Appointment } from "../day/day.js" */

/** The status before each, to which a step back leads. */
const BEFORE = /** @type {const} */ ({ CHECKED_IN: "SCHEDULED", IN_PROGRESS: "CHECKED_IN", COMPLETED: "IN_PROGRESS", NO_SHOW: "SCHEDULED" });

/** @param {Desk} desk @param {Appointment} appointment */
export async function revert(desk, appointment) {
  const { words } = desk;
  const status = /** @type {keyof typeof BEFORE} */ (statusOf(appointment));
  const title = words.revertTitle(appointment.patient.name, words.statuses[status], words.statuses[BEFORE[status]]);
  await desk.ask(
    { title, confirm: words.revertButton },
    async ({ reason = "" }) => {
      if (!reason) return [{ id: "reason", text: words.reasonMissing }];
      told(desk, await desk.write(`/api/appointments/${appointment.id}:revert`, { etag: appointment.etag, reason }));
    },
    field(words.revertReason, { id: "reason" }, { control: area("reason", words.revertDefault) }),
  );
}

/** Cancel an appointment, with all later ones of its series if that is wanted. @param {Desk} desk @param {Appointment} appointment */
export async function cancel(desk, appointment) {
  const { words } = desk;
  const name = appointment.patient.name;
  const extents = [{ value: "one", text: words.onlyThis }, { value: "rest", text: words.allFollowing }];
  await desk.ask(
    { title: words.cancelTitle(name), text: words.cancelText, confirm: words.cancelButton, danger: true },
    async ({ reason = "", extent = "one" }) => {
      if (extent === "rest") return cancelRest(desk, appointment, reason);
      const answer = await desk.write(`/api/appointments/${appointment.id}:cancel`, { etag: appointment.etag, reason });
      desk.took(answer.appointment);
      desk.say(words.done.cancelled(name, appointment.time_slot));
    },
    appointment.series_id && field(words.whichOfSeries, { id: "extent" }, { control: choice("extent", extents, "one") }),
    field(words.cancelReason, { id: "reason" }, { control: area("reason") }),
  );
}

/** Cancel an appointment and all that follow it in its series (Failure). @param {Desk} desk @param {Appointment} appointment @param {string} reason */
async function cancelRest(desk, appointment, reason) {
  const { appointments } = await desk.write(`/api/appointments/${appointment.id}:cancelSeries`, { reason });
  for (const each of appointments) desk.took(each);
  desk.say(desk.words.done.seriesCancelled(appointment.patient.name, appointments.length));
}

/** What happened to an appointment. @param {Desk} desk @param {Appointment} appointment */
export async function history(desk, appointment) {
  const { words, wall } = desk;
  const found = await desk.attempt(appointment.doctor.id, () => desk.session.all(`/api/appointments/${appointment.id}/events`, {}, "events"));
  if (!found) return;
  const events = found.map((/** @type {any} */ { event, event_time, note, relation }) => {
    const name = /** @type {keyof typeof words.events} */ (event.replace("APPOINTMENT_EVENT_", ""));
    const at = Date.parse(event_time);
    const by = words.by[/** @type {keyof typeof words.by} */ (relation?.replace("REPRESENTATIVE_RELATION_", ""))];
    return make("li", {}, make("strong", {}, words.events[name]), ` ${wall.short(at)} ${wall.time(at)}`, by && ` · ${by}`, note && make("p", { class: "muted" }, make("bdi", {}, note)));
  });
  await desk.ask({ title: words.historyTitle }, () => {}, make("ol", { class: "plain-list" }, ...events));
}

/** @param {Desk} desk @param {{appointment: Appointment}} answer */
function told(desk, { appointment }) {
  desk.took(appointment);
  const status = statusOf(appointment);
  desk.say(desk.words.done.reverted(appointment.patient.name, desk.words.statuses[status]));
}
