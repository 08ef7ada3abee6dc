/** Keeps a day true: follows slots and queues, and fetches the appointments of whoever's day has changed. */

import { Failure } from "../../shared/api.js";
import { follow } from "./follow.js";

/** @import { Session } from "../../shared/session.js" */
/** @import { Day } from "./day.js" */

/** Lists may come from a copy of the database that is a moment behind what streams say: so they are fetched once more. */
const LOOK_AGAIN_MS = 1_000;

/** False if the account may not see it; else the error is thrown again: some doctors' accounts see no queues. @param {unknown} error */
function notAllowed(error) {
  if (error instanceof Failure && error.reason === "NOT_ALLOWED") return false;
  throw error;
}

/**
 * @typedef {{clinicId: string, doctorId: string, date: string}} Followed `doctorId` for one doctor's own day, else empty
 * @typedef {{changed: () => void, connected: (failure: Failure | null) => void}} Listeners
 */

export class Live {
  #stop = new AbortController();
  #session;
  #day;
  #followed;
  #listeners;
  /** @type {Map<string, number>} timers of lists to fetch, by what is fetched */
  #timers = new Map();
  /** @type {Map<string, Promise<void>>} */
  #fetching = new Map();
  /** @type {Map<string, Failure>} why a stream is not there, by its path */
  #lost = new Map();

  /** @param {Session} session @param {Day} day @param {Followed} followed @param {Listeners} listeners */
  constructor(session, day, followed, listeners) {
    this.#session = session;
    this.#day = day;
    this.#followed = followed;
    this.#listeners = listeners;
  }

  /** Load the day, then follow it until `stop` (Failure if it cannot be loaded). */
  async start() {
    const { clinicId, doctorId, date } = this.#followed;
    const found = await this.#list(doctorId ? { doctor_id: doctorId, date } : { clinic_id: clinicId, date });
    // Another day is shown by now.
    if (this.#stop.signal.aborted) return;
    for (const { id } of this.#day.doctors) this.#day.putAppointments(id, found.filter((each) => each.doctor.id === id));
    const queued = await this.#fetchLanes().then(() => true, notAllowed);
    if (this.#stop.signal.aborted) return;
    const slots = new URLSearchParams({ ...(doctorId ? { doctor_ids: doctorId } : { clinic_id: clinicId }), date });
    const queues = new URLSearchParams({ clinic_id: clinicId });
    this.#follow(`/api/schedules/slots:watch?${slots}`, (message) => message.day && this.#takeDay(message.day));
    if (queued) this.#follow(`/api/queue:watch?${queues}`, (message) => message.lane && this.#takeLane(message.lane));
  }

  stop() {
    this.#stop.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Fetch a doctor's appointments soon, in case a call has changed more than its answer says. @param {string} doctorId */
  refresh(doctorId) {
    this.#soon(doctorId, () => this.#fetchDoctor(doctorId));
  }

  /** @param {string} path @param {(message: any) => void} take */
  #follow(path, take) {
    follow(this.#session, path, this.#stop.signal, take, (failure) => {
      if (failure) this.#lost.set(path, failure);
      else this.#lost.delete(path);
      this.#listeners.connected([...this.#lost.values()][0] ?? null);
    });
  }

  /** @param {any} schedule */
  #takeDay(schedule) {
    const before = this.#day.schedule(schedule.doctor_id);
    if (!this.#day.putSchedule(schedule)) return;
    // Drawn together with the appointments that have changed.
    if (before) this.refresh(schedule.doctor_id);
    else this.#listeners.changed();
  }

  /** @param {any} lane */
  #takeLane(lane) {
    if (!this.#day.doctors.some((doctor) => doctor.id === lane.lane_id)) return;
    this.#day.putLane(lane);
    this.#listeners.changed();
    this.#soon("lanes", () => this.#fetchLanes());
  }

  /** Fetch now, and once more a moment later. @param {string} key @param {() => Promise<void>} fetch */
  #soon(key, fetch) {
    const again = () => {
      clearTimeout(this.#timers.get(key));
      this.#timers.set(key, setTimeout(() => this.#once(key, fetch), LOOK_AGAIN_MS));
    };
    this.#once(key, fetch).then(again, again);
  }

  /** Fetch once at a time: whoever asks meanwhile gets a fetch of its own after it. @param {string} key @param {() => Promise<void>} fetch */
  #once(key, fetch) {
    const before = this.#fetching.get(key) ?? Promise.resolve();
    const next = before.then(() => (this.#stop.signal.aborted ? undefined : fetch())).catch((error) => console.warn("not fetched:", error));
    this.#fetching.set(key, next);
    return next;
  }

  /** @param {string} doctorId */
  async #fetchDoctor(doctorId) {
    try {
      const found = await this.#list({ doctor_id: doctorId, date: this.#followed.date });
      if (!this.#stop.signal.aborted) this.#day.putAppointments(doctorId, found);
    } finally {
      if (!this.#stop.signal.aborted) this.#listeners.changed();
    }
  }

  async #fetchLanes() {
    const { lanes } = await this.#session.call(`/api/queue/lanes?${new URLSearchParams({ clinic_id: this.#followed.clinicId })}`);
    if (this.#stop.signal.aborted) return;
    for (const lane of lanes) if (this.#day.doctors.some((doctor) => doctor.id === lane.lane_id)) this.#day.putLane(lane);
    this.#listeners.changed();
  }

  /** All appointments that match. @param {Record<string, string>} query @returns {Promise<import("./day.js").Appointment[]>} */
  #list(query) {
    return this.#session.all("/api/appointments", query, "appointments");
  }
}
