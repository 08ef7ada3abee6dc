/** Lists the time that a doctor has off, and ends it. */

import { choice } from "../../../shared/ask.js";
import { make } from "../../../shared/elements.js";
import { field } from "../../../shared/form.js";

/** @import { Desk } from "../../desk.js" */
/** @typedef {{id: string, doctor_id: string, start_time: string, end_time: string, reason: string, kept_count: number, cancelled_count: number, moved_count: number}} TimeOff */

/** @param {Desk} desk */
export async function timeOffList(desk) {
  const { words } = desk;
  const doctors = desk.day.doctors.map(({ id, name }) => ({ value: id, text: name }));
  const doctor = choice("off-doctor", doctors, desk.grid.current?.doctorId);
  const list = make("ol", { class: "plain-list", "aria-live": "polite" });
  const load = async () => {
    const id = doctor.value;
    // The latest start comes first: what is not over is on the first page.
    const answer = await desk.attempt("", () => desk.session.call(`/api/schedules/${id}/time-off?size=100`));
    if (!answer || doctor.value !== id) return;
    const now = desk.clock.now();
    const found = answer.time_off.filter((/** @type {TimeOff} */ each) => Date.parse(each.end_time) > now).reverse();
    list.replaceChildren(...(found.length ? found.map((/** @type {TimeOff} */ each) => item(desk, each, ended)) : [make("li", { class: "muted" }, words.noTimeOff)]));
  };
  const ended = () => {
    doctor.focus();
    load();
  };
  doctor.addEventListener("change", load);
  load();
  await desk.ask({ title: words.timeOffListTitle }, () => {}, field(words.doctor, { id: "off-doctor" }, { control: doctor }), list);
}

/** @param {Desk} desk @param {TimeOff} timeOff @param {() => void} ended */
function item(desk, timeOff, ended) {
  const { words } = desk;
  const period = `${desk.when(timeOff.start_time, true)} – ${desk.when(timeOff.end_time, true)}`;
  const account = words.timeOffAccount(timeOff.kept_count, timeOff.moved_count, timeOff.cancelled_count);
  return make(
    "li",
    {},
    make("strong", {}, period),
    " ",
    make("button", { type: "button", "aria-label": `${words.endTimeOff}: ${period}`, onclick: async () => (await end(desk, timeOff, period)) && ended() }, words.endTimeOff),
    make("p", { class: "muted" }, make("bdi", {}, [timeOff.reason, account].filter(Boolean).join(" · "))),
  );
}

/** End a time off after saying what happens; true if it was ended. @param {Desk} desk @param {TimeOff} timeOff @param {string} period */
function end(desk, timeOff, period) {
  const { words } = desk;
  return desk.ask(
    { title: `${words.endTimeOff}: ${period}`, text: words.endTimeOffText(timeOff.cancelled_count), confirm: words.endTimeOff, danger: true },
    async () => {
      await desk.write(`/api/time-off/${timeOff.id}:delete`, {});
      desk.live?.refresh(timeOff.doctor_id);
      desk.say(words.done.timeOffEnded(desk.doctorName(timeOff.doctor_id)));
    },
  );
}
