/** Keeps a day true: follows slots and queues, and fetches the appointments of whoever's day has changed. */

import { asFailure, Failure } from "../../shared/api.js";
import { Fetcher, follow } from "./follow.js";

/** @import { Session } from "../../shared/session.js" */
/** @import { Day } from "./day.js" */
/** @import { Connected } from "./follow.js" */

/** Lists may come from a copy of the database that is a moment behind what streams say: so they are fetched once more. */
const LOOK_AGAIN_MS = 1_000;

/**
 * @typedef {{clinicId: string, doctorId: string, date: string}} Followed `doctorId` for one doctor's own day, else empty
 * @typedef {{changed: () => void, connected: Connected}} Listeners
 */

export class Live {
  #stop = new AbortController();
  #session;
  #day;
  #followed;
  #listeners;
  #appointments;
  #lanes;
  /** @type {Map<string, number>} timers of what is fetched once more */
  #timers = new Map();
  /** @type {Map<string, Failure>} why something is not there, by its path */
  #lost = new Map();

  /** @param {Session} session @param {Day} day @param {Followed} followed @param {Listeners} listeners */
  constructor(session, day, followed, listeners) {
    this.#session = session;
    this.#day = day;
    this.#followed = followed;
    this.#listeners = listeners;
    this.#appointments = new Fetcher((ids) => this.#fetchAppointments(ids), this.#stop.signal, this.#connected("appointments"));
    this.#lanes = new Fetcher(() => this.#fetchLanes(), this.#stop.signal, this.#connected("lanes"));
  }

  /** Load the day, and follow it until `stop` (Failure if it is refused). */
  async start() {
    const { clinicId, doctorId, date } = this.#followed;
    const slots = new URLSearchParams({ ...(doctorId ? { doctor_ids: doctorId } : { clinic_id: clinicId }), date });
    this.#follow(`/api/schedules/slots:watch?${slots}`, (message) => message.day && this.#takeDay(message.day));
    this.#followLanes();
    await this.#appointments.want(this.#all).catch((error) => {
      this.stop();
      throw error;
    });
  }

  stop() {
    this.#stop.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Fetch a doctor's appointments now, and once more a moment later. @param {string} doctorId */
  refresh(doctorId) {
    this.#want(this.#appointments, [doctorId]);
    this.#later(this.#appointments, [doctorId]);
  }

  get #all() {
    return this.#day.doctors.map(({ id }) => id);
  }

  /** Fetch now; a refusal is told. @param {Fetcher} fetcher @param {string[]} ids */
  #want(fetcher, ids) {
    fetcher.want(ids).catch(this.#connected(ids.join()));
  }

  /** Fetch a moment later. @param {Fetcher} fetcher @param {string[]} ids */
  #later(fetcher, ids) {
    const key = ids.join();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => this.#want(fetcher, ids), LOOK_AGAIN_MS));
  }

  /** @param {string} path @param {(message: any) => void} take */
  #follow(path, take) {
    follow(this.#session, path, this.#stop.signal, take, this.#connected(path));
  }

  /** Some doctors' accounts see no queues. */
  async #followLanes() {
    const { clinicId: clinic_id } = this.#followed;
    try {
      await this.#lanes.want(["lanes"]);
      this.#follow(`/api/queue:watch?${new URLSearchParams({ clinic_id })}`, (message) => message.lane && this.#takeLane(message.lane));
    } catch (error) {
      if (!(error instanceof Failure && error.reason === "NOT_ALLOWED")) this.#connected("lanes")(asFailure(error));
    }
  }

  /** @param {string} path @returns {Connected} */
  #connected(path) {
    return (failure) => {
      if (failure) this.#lost.set(path, failure);
      else this.#lost.delete(path);
      this.#listeners.connected([...this.#lost.values()][0] ?? null);
    };
  }

  /** @param {any} schedule */
  #takeDay(schedule) {
    const before = this.#day.schedule(schedule.doctor_id);
    if (!this.#day.putSchedule(schedule)) return;
    // Drawn together with the appointments that have changed.
    if (before) return this.refresh(schedule.doctor_id);
    this.#listeners.changed();
    // What has changed between the list and the first message is told by neither.
    this.#later(this.#appointments, this.#all);
  }

  /** @param {any} lane */
  #takeLane(lane) {
    if (!this.#all.includes(lane.lane_id)) return;
    this.#day.putLane(lane);
    this.#listeners.changed();
    this.#want(this.#lanes, ["lanes"]);
    this.#later(this.#lanes, ["lanes"]);
  }

  /** @param {string[]} ids of doctors */
  async #fetchAppointments(ids) {
    const { clinicId, date } = this.#followed;
    const [id = "", more] = ids;
    const { acts } = this.#day;
    try {
      /** @type {import("./day.js").Appointment[]} */
      const found = await this.#session.all("/api/appointments", { ...(more ? { clinic_id: clinicId } : { doctor_id: id }), date }, "appointments");
      if (this.#stop.signal.aborted) return;
      // What this desk has done meanwhile may be missing in the answer.
      if (acts !== this.#day.acts) return this.#want(this.#appointments, ids);
      for (const doctorId of ids) this.#day.putAppointments(doctorId, found.filter(({ doctor }) => doctor.id === doctorId));
    } finally {
      if (!this.#stop.signal.aborted) this.#listeners.changed();
    }
  }

  async #fetchLanes() {
    const { lanes } = await this.#session.call(`/api/queue/lanes?${new URLSearchParams({ clinic_id: this.#followed.clinicId })}`);
    if (this.#stop.signal.aborted) return;
    for (const lane of lanes) if (this.#all.includes(lane.lane_id)) this.#day.putLane(lane);
    this.#listeners.changed();
  }
}
