/** Whom somebody acts for: themselves, and the patients whose representative they are. */

/** @import { Session } from "../../shared/session.js" */
/**
 * @typedef {{id: string, patient: {id: string, name: string}, name: string, relation: string, end_time: string, sees_records: boolean, active: boolean,
 *   clinic: import("../page.js").ClinicRef}} Representative
 * @typedef {{id: string, name: string, acts: Representative | null}} Person a patient; `acts` is null for oneself, whose name is empty
 */

/** Who was chosen, until the tab is closed. */
const KEY = "yoyaku.patient.person";

export class People {
  #session;
  #call;
  #renew;
  /** @type {Promise<Person[]> | null} */
  #all = null;

  /** @param {Session} session @param {(path: string) => Promise<any>} call @param {() => Promise<void>} renew gets a new access token */
  constructor(session, call, renew) {
    this.#session = session;
    this.#call = call;
    this.#renew = renew;
  }

  /** Oneself. @returns {Person} */
  get self() {
    return { id: this.#session.account?.patient_id ?? "", name: "", acts: null };
  }

  /** All of them, oneself first; asked for once (Failure). @returns {Promise<Person[]>} */
  all() {
    this.#all ??= this.#load();
    this.#all.catch(() => (this.#all = null));
    return this.#all;
  }

  /** Ask again, with an access token that has whom staff added a moment ago (Failure). */
  async reload() {
    await this.#renew();
    this.#all = null;
    return this.all();
  }

  /** Who is chosen; oneself unless somebody else was, and for who acts for nobody without a call (Failure). @returns {Promise<Person>} */
  async chosen() {
    const id = sessionStorage.getItem(KEY);
    if (!id) return this.self;
    return (await this.all()).find((each) => each.id === id) ?? this.self;
  }

  /** Show somebody's from now on. @param {string} id of a patient */
  choose(id) {
    if (id === this.self.id) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, id);
  }

  async #load() {
    const { account } = await this.#call("/api/auth/me");
    /** @type {Representative[]} */
    const represents = account.represents ?? [];
    return [this.self, ...represents.map((each) => ({ ...each.patient, acts: each }))];
  }
}
