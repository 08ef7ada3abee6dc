/** Takes a doctor's time out of the book: who is booked then is shown before, and what becomes of them is chosen. */

import { area, choice } from "../../../shared/ask.js";
import { make } from "../../../shared/elements.js";
import { field } from "../../../shared/form.js";
import { plusDays } from "../../../shared/wall_clock.js";
import { statusOf } from "../../day/day.js";

/** @import { Desk } from "../../desk.js" */
/** @typedef {{doctor_id: string, start_time: string, end_time: string, reason: string}} Planned */
/** @typedef {{planned: Planned, met: Met[]}} Found */
/** @typedef {{appointment_id: string, patient: {name: string}, start_time: string, status: string, outcome: string}} Met */

const ACTIONS = /** @type {const} */ (["KEEP", "OFFER_MOVE", "CANCEL"]);

/** Ask for a period, show whom it meets, and make it. @param {Desk} desk */
export async function timeOff(desk) {
  const { wall } = desk;
  const block = desk.grid.current;
  const begin = `${desk.date}T${block ? wall.time(block.start) : "00:00"}`;
  /** @type {Record<string, string>} what was entered and chosen, by field */
  const known = { doctor: block?.doctorId ?? "", begin, end: `${plusDays(desk.date, 1)}T00:00` };
  let found;
  // Who goes back from those who are booked finds the period as it was entered, and then what was chosen.
  do found = await enter(desk, known);
  while (found && !(await confirm(desk, found, known)));
}

/** Ask for a period, and find whom it meets; null if that is given up. @param {Desk} desk @param {Record<string, string>} known @returns {Promise<Found | null>} */
async function enter(desk, known) {
  const { words, wall } = desk;
  const doctors = desk.day.doctors.map(({ id, name }) => ({ value: id, text: name }));
  /** @type {Found | null} */
  let found = null;
  await desk.ask(
    { title: words.commands.timeOff, text: words.timeOffText, confirm: words.whoIsBooked },
    async (values) => {
      const { doctor = "", begin = "", end = "", why = "" } = values;
      const [start_time, end_time] = [begin, end].map((text) => new Date(wall.instant(text)));
      if (!start_time || !end_time || !(start_time < end_time)) return [{ id: "end", text: words.endWrong }];
      const period = { start_time: start_time.toISOString(), end_time: end_time.toISOString() };
      const { appointments } = await desk.session.call(`/api/schedules/${doctor}/time-off:preview`, { method: "POST", body: period });
      Object.assign(known, values);
      found = { planned: { doctor_id: doctor, ...period, reason: why }, met: appointments };
    },
    field(words.doctor, { id: "doctor" }, { control: choice("doctor", doctors, known.doctor) }),
    field(words.from, { id: "begin", type: "datetime-local", value: known.begin }),
    field(words.to, { id: "end", type: "datetime-local", value: known.end }),
    field(words.reason, { id: "why" }, { control: area("why", known.why), hint: words.staffOnly }),
  );
  return found;
}

/** Ask what becomes of those who are booked, and make it; whether it was. @param {Desk} desk @param {Found} found @param {Record<string, string>} known */
function confirm(desk, { planned, met }, known) {
  const { words, wall } = desk;
  const actions = ACTIONS.map((value) => ({ value, text: words.timeOffActions[value] }));
  const rows = met.map((each) => {
    const at = Date.parse(each.start_time);
    const id = `action-${each.appointment_id}`;
    const control = choice(id, actions, known[id] ?? known["action-all"] ?? "KEEP");
    control.setAttribute("aria-label", `${wall.time(at)} ${each.patient.name}`);
    const cells = [`${wall.short(at)} ${wall.time(at)}`, each.patient.name, words.statuses[statusOf(/** @type {any} */ (each))]];
    return make("tr", {}, ...cells.map((text) => make("td", {}, make("bdi", {}, text))), make("td", {}, control));
  });
  const all = choice("action-all", actions, known["action-all"] ?? "KEEP");
  const table = make("table", {}, make("tbody", {}, ...rows));
  const controls = () => table.querySelectorAll("select");
  all.addEventListener("change", () => controls().forEach((each) => (each.value = all.value)));
  for (const each of [all, table]) each.addEventListener("change", () => [all, ...controls()].forEach(({ id, value }) => (known[id] = value)));
  return desk.ask(
    { title: words.bookedThen(met.length), text: met.length ? words.timeOffHint : "", confirm: words.timeOffButton, danger: met.length > 0, wide: met.length > 0 },
    async (values) => {
      const exceptions = met.map(({ appointment_id }) => ({ appointment_id, action: `TIME_OFF_ACTION_${values[`action-${appointment_id}`]}` }));
      const { doctor_id, ...period } = planned;
      const answer = await desk.write(`/api/schedules/${doctor_id}/time-off`, { ...period, action: "TIME_OFF_ACTION_KEEP", exceptions });
      desk.live?.refresh(doctor_id);
      const cancelled = answer.appointments.filter((/** @type {Met} */ each) => each.outcome === "TIME_OFF_OUTCOME_CANCELLED").length;
      desk.say(words.done.timeOff(desk.doctorName(doctor_id), met.length - cancelled, cancelled), { undo: cancelled ? undefined : () => takenBack(desk, answer.time_off.id) });
    },
    met.length > 1 && field(words.forAll, { id: "action-all" }, { control: all }),
    met.length > 0 && table,
  );
}

/** @param {Desk} desk @param {string} id */
async function takenBack(desk, id) {
  return Boolean(await desk.attempt("", () => desk.write(`/api/time-off/${id}:delete`, {})));
}
