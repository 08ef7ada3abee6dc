/** Clinics, doctors and types of appointment, each asked for once. */

import { all } from "../../shared/api.js";

/** @import { AppointmentType, Clinic, Doctor } from "../page.js" */

export class Directory {
  #call;
  /** @type {Map<string, Promise<any>>} */
  #known = new Map();

  /** @param {(path: string) => Promise<any>} call */
  constructor(call) {
    this.#call = call;
  }

  /** All clinics, by name. @returns {Promise<Clinic[]>} */
  clinics() {
    return this.#once("clinics", () => all(this.#call, "/api/clinics", {}, "clinics"));
  }

  /** All doctors who take bookings, by name. @returns {Promise<Doctor[]>} */
  doctors() {
    return this.#once("doctors", () => all(this.#call, "/api/doctors", {}, "doctors"));
  }

  /** @param {string} id @returns {Promise<Clinic>} */
  clinic(id) {
    return this.#once(id, async () => (await this.#call(`/api/clinics/${id}`)).clinic);
  }

  /** @param {string} id @returns {Promise<Doctor>} */
  doctor(id) {
    return this.#once(id, async () => (await this.#call(`/api/doctors/${id}`)).doctor);
  }

  /** The types that patients may book at a clinic. @param {string} clinicId @returns {Promise<AppointmentType[]>} */
  types(clinicId) {
    return this.#once(`types ${clinicId}`, async () => {
      const answer = await this.#call(`/api/appointment-types?${new URLSearchParams({ clinic_id: clinicId })}`);
      return answer.appointment_types.filter((/** @type {AppointmentType} */ each) => each.active && !each.staff_only);
    });
  }

  /** A type that is still offered, or null. @param {string} clinicId @param {string} typeId */
  async type(clinicId, typeId) {
    return (await this.types(clinicId)).find((each) => each.id === typeId) ?? null;
  }

  /** @template Answer @param {string} key @param {() => Promise<Answer>} load @returns {Promise<Answer>} */
  #once(key, load) {
    const known = this.#known.get(key);
    if (known) return known;
    const loading = load();
    this.#known.set(key, loading);
    loading.catch(() => this.#known.delete(key));
    return loading;
  }
}
