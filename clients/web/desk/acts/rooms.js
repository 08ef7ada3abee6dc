/** Gives an appointment another room or device. */

import { asFailure } from "../../shared/api.js";
import { choice } from "../../shared/ask.js";
import { field } from "../../shared/form.js";

/** @import { Appointment } from "../day/day.js" */
/** @import { Desk } from "../desk.js" */
/** @typedef {{id: string, kind: string, name: string, active: boolean}} Resource */

/** @param {Desk} desk @param {Appointment} appointment */
export async function swapRoom(desk, appointment) {
  const { words } = desk;
  const answer = await desk.attempt("", () => desk.session.call(`/api/resources?${new URLSearchParams({ clinic_id: desk.clinic.id })}`));
  if (!answer) return;
  const { patient, resources } = appointment;
  await desk.ask(
    { title: words.swapTitle(patient.name), confirm: words.swapButton },
    async ({ swap = "" }) => {
      const [resource_id, to_resource_id] = swap.split(" ");
      try {
        const { appointment: swapped } = await desk.write(`/api/appointments/${appointment.id}:swapResource`, { resource_id, to_resource_id, etag: appointment.etag });
        desk.took(swapped);
        desk.say(words.done.swapped(patient.name, swapped.resources.map((/** @type {Resource} */ each) => each.name).join(", ")));
      } catch (error) {
        if (asFailure(error).reason !== "RESOURCE_TAKEN") throw error;
        return [{ id: "swap", text: words.swapTaken }];
      }
    },
    field(words.swapWhat, { id: "swap" }, { control: choice("swap", resources.flatMap((each) => others(desk, each, answer.resources))) }),
  );
}

/** What a resource can be given up for. @param {Desk} desk @param {{id: string, kind: string, name: string}} from @param {Resource[]} all */
function others({ words }, from, all) {
  const same = all.filter((each) => each.active && each.kind === from.kind && each.id !== from.id);
  return [{ value: `${from.id} `, text: words.swapAny(from.name) }, ...same.map(({ id, name }) => ({ value: `${from.id} ${id}`, text: `${from.name} → ${name}` }))];
}
