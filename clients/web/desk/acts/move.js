/** Moves appointments; to a full time with a reason. */

import { asFailure } from "../../shared/api.js";
import { area } from "../../shared/ask.js";
import { field } from "../../shared/form.js";
import { statusOf } from "../day/day.js";
import { OtherTimes } from "./other_times.js";

/** @import { Failure } from "../../shared/api.js" */
/** @import { Appointment, Block } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */
/** @typedef {{doctor_id: string, start_time: string, override_reason?: string}} Target */

/** Move an appointment to a time. If that is full, ask for one near by, or for a reason. @param {Desk} desk @param {Appointment} appointment @param {Block} to */
export async function moveTo(desk, appointment, to) {
  const from = { doctor_id: appointment.doctor.id, start_time: appointment.start_time };
  const target = { doctor_id: to.doctorId, start_time: to.slot?.start_time ?? to.appointment?.start_time ?? "" };
  const moved = await desk.attempt(appointment.doctor.id, async () => {
    try {
      return to.slot ? await reschedule(desk, appointment, target) : await askWhy(desk, appointment, target, null);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.reason !== "SLOT_TAKEN") throw failure;
      desk.live?.refresh(to.doctorId);
      return askWhy(desk, appointment, target, failure);
    }
  });
  if (moved === undefined) return renew(desk, appointment);
  if (!moved) return;
  desk.carry(null);
  desk.show(moved);
  const text = desk.words.done.moved(moved.patient.name, desk.when(moved.start_time), moved.doctor.name);
  desk.say(`${text} ${desk.words.done.noticesGoOut}`, {
    undo: async () => {
      const back = await desk.attempt(moved.doctor.id, () => reschedule(desk, moved, from));
      if (back) desk.show(back);
      return Boolean(back);
    },
  });
}

/** Ask where else an appointment moves, or why it moves to a full time; null if that is given up. @param {Desk} desk @param {Appointment} appointment @param {Target} target @param {Failure | null} failure */
async function askWhy(desk, appointment, target, failure) {
  const { words } = desk;
  const others = new OtherTimes(desk, () => (why.hidden = true));
  const why = field(words.override, { id: "override" }, { control: area("override"), hint: words.overrideHint });
  why.hidden = !desk.staff;
  if (failure) others.offer(failure);
  /** @type {Appointment | null} */
  let moved = null;
  const title = words.moveTitle(appointment.patient.name, desk.when(target.start_time, true), desk.doctorName(target.doctor_id));
  await desk.ask(
    { title, confirm: words.commands.move },
    async ({ override = "" }) => {
      const { chosen } = others;
      if (!chosen && !override) return [{ id: why.hidden ? "" : "override", text: why.hidden ? words.otherTimeMissing : words.overrideMissing }];
      const elsewhere = chosen && { doctor_id: chosen.doctor?.id ?? target.doctor_id, start_time: chosen.start_time };
      moved = await reschedule(desk, appointment, elsewhere ?? { ...target, override_reason: override });
    },
    others.element,
    why,
  );
  return moved;
}

/** After a refusal, carry the appointment as it is now: else every other try would be refused too. @param {Desk} desk @param {Appointment} appointment */
async function renew(desk, { id }) {
  const answer = await desk.session.call(`/api/appointments/${id}`).catch(() => null);
  const carries = desk.carried && "appointment" in desk.carried && desk.carried.appointment.id === id;
  if (answer && carries) desk.carry(statusOf(answer.appointment) === "SCHEDULED" ? { appointment: answer.appointment } : null);
}

/** @param {Desk} desk @param {Appointment} appointment @param {Target} to @returns {Promise<Appointment>} */
async function reschedule(desk, appointment, to) {
  const answer = await desk.write(`/api/appointments/${appointment.id}:reschedule`, { ...to, etag: appointment.etag });
  desk.took(answer.appointment);
  return answer.appointment;
}
