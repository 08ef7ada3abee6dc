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
  #tell;
  /** @type {Promise<Person[]> | null} */
  #all = null;
  /** @type {Person[]} the last answer */
  #known = [];
  /** The end of the access token by which they were asked for: another token may know of others. */
  #asOf = 0;

  /** @param {Session} session @param {(path: string) => Promise<any>} call @param {() => Promise<void>} renew gets a new access token @param {(lost: Person[]) => void} tell is told for whom one acts no longer */
  constructor(session, call, renew, tell) {
    this.#session = session;
    this.#call = call;
    this.#renew = renew;
    this.#tell = tell;
  }

  /** Oneself. @returns {Person} */
  get self() {
    return { id: this.#session.account?.patient_id ?? "", name: "", acts: null };
  }

  /** All of them, oneself first; asked for once with each access token (Failure). @returns {Promise<Person[]>} */
  all() {
    if (this.#asOf !== this.#session.endsAt) this.#all = null;
    this.#all ??= this.#load();
    this.#all.catch(() => (this.#all = null));
    return this.#all;
  }

  /** All of them now: the server refuses an older access token once it knows of whom staff added (Failure). @returns {Promise<Person[]>} */
  now() {
    this.#all = null;
    return this.all();
  }

  /** Ask again, with an access token that has whom staff added a moment ago (Failure). */
  async reload() {
    await this.#renew();
    this.#all = null;
    return this.all();
  }

  /** Ask again, if anybody may have been lost (Failure). */
  async check() {
    if (this.#known.length < 2) return;
    this.#all = null;
    await this.all();
  }

  /** Expect that somebody is no longer there, which then is no loss. @param {string} id of a patient */
  leave(id) {
    this.#known = this.#known.filter((each) => each.id !== id);
    this.choose(this.self.id);
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
    this.#asOf = this.#session.endsAt;
    const { account } = await this.#call("/api/auth/me");
    this.#asOf = this.#session.endsAt;
    /** @type {Representative[]} */
    const represents = account.represents ?? [];
    const now = [this.self, ...represents.map((each) => ({ ...each.patient, acts: each }))];
    const lost = this.#known.filter(({ id }) => !now.some((each) => each.id === id));
    this.#known = now;
    if (lost.some(({ id }) => id === sessionStorage.getItem(KEY))) this.choose(this.self.id);
    if (lost.length) this.#tell(lost);
    return now;
  }
}
