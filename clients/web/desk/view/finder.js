/** Finds patients, and their appointments of the day. */

import { Failure } from "../../shared/api.js";
import { dateOf, plain } from "../../shared/typed.js";
import { stateOf } from "../day/day.js";

/** @import { Desk } from "../desk.js" */
/** @import { Appointment } from "../day/day.js" */
/** @import { Option } from "../../shared/picker.js" */
/**
 * @typedef {{id: string, name: string, name_kana: string, birth_date: string, phone: string, email: string, deceased: boolean, inactive: boolean, replaced_by: string}} Patient
 * @typedef {{patient: Patient} | {appointment: Appointment} | {register: string}} Found
 */

const MOST = 12;

/** Who matches a text: in today's book at once, then among all patients. @param {Desk} desk @param {boolean} inBook whether appointments are offered too */
export function finder(desk, inBook) {
  /** @param {string} text @param {(options: Option<Found>[]) => void} now @returns {Promise<Option<Found>[]>} */
  return async (text, now) => {
    const today = inBook ? inToday(desk, text) : [];
    if (today.length) now(today);
    /** @type {Option<Found>} */
    const register = { name: `+ ${desk.words.newPatient}`, detail: text, value: { register: text } };
    if (!desk.staff) return today;
    try {
      const { patients } = await desk.session.call("/api/patients:search", { method: "POST", body: { ...query(text), size: MOST, language: desk.lang } });
      return [...today, ...patients.map((/** @type {Patient} */ patient) => option(desk, patient)), register];
    } catch (error) {
      // Too little was typed to say anything yet.
      if (error instanceof Failure && error.status === 400 && today.length) return today;
      throw error;
    }
  };
}

/**
 * What to search for: a year or date beside a name is the date of birth, other digits are the end of the phone number.
 * @param {string} text
 */
export function query(text) {
  const parts = text.normalize("NFKC").trim().split(/\s+/);
  const names = parts.filter((part) => !/\d/.test(part));
  const numbers = parts.filter((part) => /\d/.test(part)).map(plain);
  // Digits alone are of a phone number, except a year beside a name.
  const birth = numbers.find((part) => /^(18|19|20)\d\d(-|$)/.test(dateOf(part)) && (/\D/.test(part) || (names.length && part.length === 4)));
  const phone = numbers.filter((part) => part !== birth).join("");
  const date = birth && dateOf(birth);
  return { ...(names.length && { name: names.join(" ") }), ...(date && { birth_date: date }), ...(phone && { phone }) };
}

/** @param {Desk} desk @param {string} text @returns {Option<Found>[]} */
function inToday(desk, text) {
  const wanted = folded(text);
  const time = plain(text).replace(/^\d:/, "0$&");
  const matching = desk.day.appointments().filter((each) => {
    const ticket = desk.day.ticket(each.id)?.ticket.label ?? "";
    return folded(each.patient.name).includes(wanted) || each.time_slot.startsWith(time) || ticket.toLowerCase() === wanted;
  });
  return matching.slice(0, MOST).map((appointment) => ({
    name: appointment.patient.name,
    detail: `${appointment.time_slot} · ${appointment.doctor.name}`,
    mark: stateOf(desk.words, appointment),
    value: { appointment },
  }));
}

/** @param {Desk} desk @param {Patient} patient @returns {Option<Found>} */
function option(desk, patient) {
  const { words } = desk;
  const mark = patient.deceased ? words.deceased : patient.replaced_by ? words.replaced : patient.inactive ? words.inactive : "";
  const detail = [patient.name_kana, patient.birth_date, patient.phone && `…${patient.phone.slice(-4)}`].filter(Boolean).join(" · ");
  return { name: patient.name, detail, mark, value: { patient } };
}

/** @param {string} text */
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
