/** What a desk looks up once and keeps: particulars of patients. */

/** @import { Desk } from "../desk.js" */
/** @import { Patient } from "../view/finder.js" */

export class Lookup {
  #desk;
  /** @type {Map<string, Patient | null>} */
  #people = new Map();

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** Keep what a call returned of a patient. @param {Patient} patient */
  put(patient) {
    this.#people.set(patient.id, patient);
  }

  /** A patient's particulars; they come a moment after they are first asked for. @param {string} id */
  person(id) {
    if (!this.#people.has(id)) {
      this.#people.set(id, null);
      this.#desk.session.call(`/api/patients/${id}`).then(
        ({ patient }) => (this.#people.set(id, patient), this.#desk.draw()),
        () => this.#people.delete(id),
      );
    }
    return this.#people.get(id) ?? null;
  }
}
