/** Registers patients. */

import { query } from "../../view/finder.js";
import { goToVisit } from "../visits.js";
import { detailFields, entered } from "./details.js";

/** @import { Desk } from "../../desk.js" */
/** @import { Found, Patient } from "../../view/finder.js" */

/** Register a patient; null if that was given up. @param {Desk} desk @param {string} text what was searched for @returns {Promise<Patient | null>} */
export async function register(desk, text) {
  const { words } = desk;
  /** @type {Patient | null} */
  let patient = null;
  await desk.ask(
    { title: words.registerTitle, confirm: words.registerButton },
    async (values) => {
      const { details, wrong } = entered(desk, values);
      if (wrong.length) return wrong;
      patient = (await desk.write("/api/patients", details)).patient;
    },
    ...detailFields(desk, query(text)),
  );
  return patient;
}

/** Register a patient, who is about to be booked then. @param {Desk} desk */
export async function registerToBook(desk) {
  const patient = await register(desk, "");
  if (!patient) return;
  desk.carry({ patient });
  desk.say(desk.words.done.registered(patient.name));
}

/** What to do with whoever was found. @param {Desk} desk @param {Found} found */
export async function takeFound(desk, found) {
  desk.head.picker.clear();
  if ("appointment" in found) return goToVisit(desk, found.appointment);
  const patient = "patient" in found ? found.patient : await register(desk, found.register);
  if (patient) desk.carry({ patient });
  if (desk.grid.current) desk.grid.focus(desk.grid.current.key);
}
