/** What a booking is, as a list of facts, and how its time is told. */

import { make, written } from "../shared/elements.js";
import { WallClock } from "../shared/wall_clock.js";
import { phoneLink } from "./frame.js";

/** @import { Child } from "../shared/elements.js" */
/** @import { AppointmentType, Appointment, Clinic, ClinicRef, Page } from "./page.js" */

/** A list of names and values; those without a value are left out. @param {...[string, Child | Child[]]} facts */
export function factList(...facts) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of facts) {
    const values = (Array.isArray(value) ? value : [value]).filter(Boolean);
    if (values.length) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, ...values)));
  }
  return list;
}

/** Day and time on the clinic's clock, and on the device's if that shows another. @param {Page} page @param {ClinicRef} clinic @param {string} start @param {string} [end] @returns {Child[]} */
export function when({ lang, text }, clinic, start, end) {
  const clock = new WallClock(lang, clinic.time_zone);
  const at = Date.parse(start);
  const here = new WallClock(lang, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const differs = clock.differs(at);
  return [
    make("strong", {}, clock.longTime(at, end ? Date.parse(end) : undefined)),
    differs && make("span", { class: "small muted" }, clock.zone(at)),
    differs && make("span", { class: "small muted" }, text.onYourDevice(`${here.short(at)} ${here.time(at)}`)),
  ];
}

/** The clinic with address and telephone. @param {Clinic} clinic @returns {Child[]} */
export function place(clinic) {
  return [
    written(clinic.name),
    clinic.address && make("span", { class: "small muted" }, written(clinic.address)),
    clinic.phone && phoneLink(clinic.phone),
  ];
}

/** The facts of an appointment. @param {Page} page @param {Appointment} appointment @param {Clinic} clinic @param {AppointmentType | null} type */
export function appointmentFacts(page, appointment, clinic, type) {
  const { text } = page;
  return factList(
    [text.when, when(page, clinic, appointment.start_time, appointment.end_time)],
    [text.who, doctorName(appointment.doctor)],
    [text.where, place(clinic)],
    [text.what, typeName(page, type) || appointment.appointment_type?.name],
    [text.forWhom, written(appointment.patient.name)],
    [text.reason, appointment.reason && written(appointment.reason)],
  );
}

/** @param {{name: string, specialty: string}} doctor @returns {Child[]} */
export function doctorName({ name, specialty }) {
  return [written(name), make("span", { class: "small muted" }, written(specialty))];
}

/** A type's name in the language of the page; empty without one. @param {Page} page @param {AppointmentType | null} type */
export function typeName({ lang }, type) {
  return (lang === "ja" && type?.name_ja) || type?.name || "";
}
