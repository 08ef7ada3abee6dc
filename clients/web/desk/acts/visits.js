/** What a desk does with appointments: each act says what has happened, and how to take it back if it can be. */

/** @import { Desk } from "../desk.js" */
/** @import { Appointment } from "../day/day.js" */

/** Show an appointment on its day. @param {Desk} desk @param {{id: string, date: string}} appointment */
export async function goToVisit(desk, appointment) {
  if (appointment.date !== desk.date) await desk.goTo(appointment.date);
  desk.show(appointment);
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function checkIn(desk, appointment) {
  const answer = await step(desk, appointment, "checkIn");
  const ticket = answer?.ticket ?? null;
  const { done } = desk.words;
  if (answer) desk.say(done.checkedIn(appointment.patient.name, ticket?.label ?? ""), { ticket, undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function start(desk, appointment) {
  const answer = await step(desk, appointment, "start");
  if (answer) desk.say(desk.words.done.started(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function complete(desk, appointment) {
  const answer = await step(desk, appointment, "complete");
  if (answer) desk.say(desk.words.done.completed(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
}

/** @param {Desk} desk @param {Appointment} appointment */
export async function noShow(desk, appointment) {
  const answer = await step(desk, appointment, "markNoShow");
  if (answer) desk.say(desk.words.done.missed(appointment.patient.name), { undo: takenBack(desk, answer.appointment) });
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
    const body = { etag: appointment.etag, reason: desk.words.done.undoReason };
    const answer = await desk.attempt(appointment.doctor.id, () => desk.write(`/api/appointments/${appointment.id}:revert`, body));
    if (answer) desk.took(answer.appointment);
    return Boolean(answer);
  };
}
