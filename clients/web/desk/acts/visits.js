/** What a desk does with appointments: each act says what has happened, and how to take it back if it can be. */

/** @import { Desk } from "../desk.js" */
/** @import { Appointment, Block } from "../day/day.js" */

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
