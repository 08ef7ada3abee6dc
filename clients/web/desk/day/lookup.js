/** What a desk looks up once and keeps: particulars of patients, and the types of appointment. */

/** @import { Type } from "../acts/booking.js" */
/** @import { Desk } from "../desk.js" */
/** @import { Patient } from "../view/finder.js" */

export class Lookup {
  #desk;
  /** @type {Promise<Type[]> | null} */
  #types = null;
  /** @type {Map<string, Patient | null>} */
  #people = new Map();

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  /** The types of appointment that the clinic offers (Failure). */
  types() {
    const { session, clinic } = this.#desk;
    const fetched = (this.#types ??= session
      .call(`/api/appointment-types?${new URLSearchParams({ clinic_id: clinic.id })}`)
      .then(({ appointment_types }) => appointment_types.filter((/** @type {Type} */ type) => type.active)));
    fetched.catch(() => (this.#types = null));
    return fetched;
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
