/** What a desk does with appointments: each act says what has happened, and how to take it back if it can be. */

import { make } from "../../shared/elements.js";
import { field } from "../../shared/form.js";
import { area } from "../../shared/ask.js";
import { statusOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Appointment, Block } from "../day/day.js" */

/** The status before each, to which a step back leads. */
const BEFORE = /** @type {const} */ ({ CHECKED_IN: "SCHEDULED", IN_PROGRESS: "CHECKED_IN", COMPLETED: "IN_PROGRESS", NO_SHOW: "SCHEDULED" });

/** @param {Desk} desk @param {Appointment} appointment */
export async function checkIn(desk, appointment) {
  const answer = await step(desk, appointment, "checkIn");
  const ticket = answer?.ticket ?? null;
  const { said } = desk.words;
  if (answer) desk.say(said.checkedIn(appointment.patient.name, ticket?.label ?? ""), { ticket, undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function start(desk, appointment) {
  const answer = await step(desk, appointment, "start");
  if (answer) desk.say(desk.words.said.started(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function complete(desk, appointment) {
  const answer = await step(desk, appointment, "complete");
  if (answer) desk.say(desk.words.said.completed(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function noShow(desk, appointment) {
  const answer = await step(desk, appointment, "markNoShow");
  if (answer) desk.say(desk.words.said.missed(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
}

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

/** @param {Desk} desk @param {Appointment} appointment */
export async function cancel(desk, appointment) {
  const { words } = desk;
  const name = appointment.patient.name;
  await desk.ask(
    { title: words.cancelTitle(name), text: words.cancelText, confirm: words.cancelButton, danger: true },
    async ({ reason = "" }) => {
      const answer = await desk.write(`/api/appointments/${appointment.id}:cancel`, { etag: appointment.etag, reason });
      desk.took(answer.appointment);
      desk.say(words.said.cancelled(name, appointment.time_slot));
    },
    field(words.cancelReason, { id: "reason" }, { control: area("reason") }),
  );
}

/** Take an appointment up, to put it down on a free time. @param {Desk} desk @param {Appointment} appointment */
export function pickUp(desk, appointment) {
  desk.carry({ appointment });
}

/** Move an appointment to a free time. @param {Desk} desk @param {Appointment} appointment @param {Block} to */
export async function moveTo(desk, appointment, to) {
  const from = { doctor_id: appointment.doctor.id, start_time: appointment.start_time };
  const moved = await reschedule(desk, appointment, { doctor_id: to.doctorId, start_time: to.slot?.start_time ?? "" });
  if (!moved) return;
  desk.carry(null);
  desk.grid.focus(`a:${moved.id}`);
  const text = desk.words.said.moved(moved.patient.name, moved.time_slot, moved.doctor.name);
  desk.say(`${text} ${desk.words.said.noticesGoOut}`, {
    undo: async () => {
      const back = await reschedule(desk, moved, from);
      if (back) desk.grid.focus(`a:${back.id}`);
      return Boolean(back);
    },
  });
}

/** What happened to an appointment. @param {Desk} desk @param {Appointment} appointment */
export async function history(desk, appointment) {
  const { words, wall } = desk;
  const found = await desk.attempt(appointment.doctor.id, () => desk.session.all(`/api/appointments/${appointment.id}/events`, {}, "events"));
  if (!found) return;
  const events = found.map((/** @type {any} */ { event, event_time, note }) => {
    const name = /** @type {keyof typeof words.events} */ (event.replace("APPOINTMENT_EVENT_", ""));
    const at = Date.parse(event_time);
    return make("li", {}, make("strong", {}, words.events[name]), ` ${wall.short(at)} ${wall.time(at)}`, note && make("p", { class: "muted" }, make("bdi", {}, note)));
  });
  await desk.ask({ title: words.historyTitle }, () => {}, make("ol", { class: "plain-list" }, ...events));
}

/** @param {Desk} desk @param {Appointment} appointment @param {object} to @returns {Promise<Appointment | null>} */
async function reschedule(desk, appointment, to) {
  const path = `/api/appointments/${appointment.id}:reschedule`;
  const answer = await desk.attempt(appointment.doctor.id, () => desk.write(path, { ...to, etag: appointment.etag }));
  if (answer) desk.took(answer.appointment);
  return answer?.appointment ?? null;
}

/** @param {Desk} desk @param {Appointment} appointment @param {string} verb */
async function step(desk, appointment, verb) {
  const path = `/api/appointments/${appointment.id}:${verb}`;
  const answer = await desk.attempt(appointment.doctor.id, () => desk.write(path, { etag: appointment.etag }));
  if (answer) desk.took(answer.appointment);
  return answer;
}

/** A step back, without a question. @param {Desk} desk @param {Appointment} appointment */
function takenBack(desk, appointment) {
  return async () => {
    const body = { etag: appointment.etag, reason: desk.words.said.undoReason };
    const answer = await desk.attempt(appointment.doctor.id, () => desk.write(`/api/appointments/${appointment.id}:revert`, body));
    if (answer) desk.took(answer.appointment);
    return Boolean(answer);
  };
}

/** @param {Desk} desk @param {{appointment: Appointment}} answer */
function told(desk, { appointment }) {
  desk.took(appointment);
  const status = statusOf(appointment);
  desk.say(desk.words.said.reverted(appointment.patient.name, desk.words.statuses[status]));
}
