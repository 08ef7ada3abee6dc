/** A person's session: signs in, renews the access token, and makes calls with it. */

import { all, asFailure, call, Clock, Failure, LAST, stream, twice } from "./api.js";

/** How long before its end an access token is renewed. */
const RENEW_BEFORE_MS = 60_000;
/** Twice this is less than the ten seconds for which a lost answer is given again; after that, asking again looks like theft. */
const RENEW_TIMEOUT_MS = 4_000;

/**
 * @typedef {{id: string, email: string, roles: string[], clinic_ids: string[], all_clinics: boolean, patient_id: string, doctor_id: string}} Account
 * @typedef {{access: string, refresh: string, endsAt: number, account: Account, requestId?: string}} Tokens
 */

export class Session {
  #key;
  /** Ends when whoever is here leaves the page. */
  #here = new AbortController();
  /** The server's clock. */
  clock = new Clock();

  /**
   * The tabs of a browser share a session.
   * @param {string} page whose session it is, such as `patient`: nobody is signed in to all pages at once
   */
  constructor(page) {
    this.#key = `yoyaku.${page}.session`;
  }

  /** Who is signed in, or null. */
  get account() {
    return this.#tokens?.account ?? null;
  }

  /** When the access token ends, by the clock of the device: another time for each token; 0 if nobody is signed in. */
  get endsAt() {
    return this.#tokens?.endsAt ?? 0;
  }

  /** Sign in (Failure). @param {string} email @param {string} password @param {string} code of the second factor, if the account has one */
  async signIn(email, password, code = "") {
    const body = { email, password, second_factor_code: code };
    const answer = await call("/api/auth/login", { body, clock: this.clock, timeoutMs: 20_000 });
    this.#keep(answer, answer.account);
  }

  /** End a registration with the code from the mail, and sign in (Failure). @param {string} id @param {string} code */
  async register(id, code) {
    const body = { registration_id: id, code };
    const answer = await call("/api/auth/registrations:confirm", { body, clock: this.clock, timeoutMs: 20_000 });
    this.#keep(answer, answer.account);
  }

  /** The answer of a call that ends all sessions and begins a new one, which is kept (Failure). @param {string} path @param {object} body */
  async beginAnew(path, body) {
    const account = this.#tokens?.account;
    if (!account) throw new Failure(401, "SESSION_ENDED");
    return this.#unlessLeft(async () => {
      const answer = await this.#withToken((token) => call(path, { body, token, timeoutMs: 20_000 }));
      if (this.account?.id === account.id) this.#keep(answer, account);
      // Who has signed out meanwhile stays signed out.
      else await logOut(answer.refresh_token);
      return answer;
    });
  }

  /** Sign out here, and at the server if it can be reached. @param {(token: string) => Promise<unknown>} last needs the session once more */
  async signOut(last = async () => {}) {
    const tokens = this.#tokens;
    this.leave();
    this.forget();
    if (!tokens) return;
    await last(tokens.access).catch(() => {});
    await logOut(tokens.refresh);
  }

  /** Whoever is here leaves: what is under way has no outcome any more, so nothing is drawn, asked or done next. */
  leave() {
    this.#here.abort();
    this.#here = new AbortController();
  }

  /** Get a new access token, which knows what became of the account a moment ago (Failure). */
  async renew() {
    await this.#unlessLeft(() => this.#renewed(this.#tokens?.access ?? ""));
  }

  /** Drop the session without a call. */
  forget() {
    localStorage.removeItem(this.#key);
  }

  /**
   * The answer of a call, with a token if somebody is signed in. It is made again once if the server says when, or if no answer came: so a
   * write must carry a `request_id` (Failure; status 401 means that the person must sign in again).
   * @param {string} path
   * @param {{method?: string, body?: object, timeoutMs?: number}} options
   */
  call(path, options = {}) {
    const attempt = () => this.#withToken((token) => call(path, { ...options, token, clock: this.clock }));
    // What was begun for one person is never made again for the next one.
    return this.#unlessLeft((here) => twice(async () => (here.throwIfAborted(), attempt())));
  }

  /** All entries of a list that comes in pages (Failure). @param {string} path @param {Record<string, string>} query @param {string} name of the entries */
  all(path, query, name) {
    return all((page) => this.call(page), path, query, name);
  }

  /**
   * Hand over each message of a stream until it ends (Failure, or AbortError by the signal).
   * @param {string} path
   * @param {AbortSignal} signal
   * @param {(message: any) => void} take
   */
  stream(path, signal, take) {
    return this.#unlessLeft((here) => this.#withToken((token) => stream(path, token, AbortSignal.any([signal, here]), take)));
  }

  /** The outcome of some work; none once whoever began it has left. @template Answer @param {(here: AbortSignal) => Promise<Answer>} work @returns {Promise<Answer>} */
  #unlessLeft(work) {
    const { signal } = this.#here;
    return new Promise((resolve, reject) => {
      work(signal).then(
        (answer) => signal.aborted || resolve(answer),
        (error) => signal.aborted || reject(error),
      );
    });
  }

  /** @template Answer @param {(token: string) => Promise<Answer>} use */
  async #withToken(use) {
    const token = await this.#token();
    try {
      return await use(token);
    } catch (error) {
      if (!token || !(error instanceof Failure && error.status === 401)) throw error;
      return use(await this.#renewed(token));
    }
  }

  /** An access token with some life left (Failure); empty if nobody is signed in: then the server says what needs one. */
  async #token() {
    const tokens = this.#tokens;
    if (!tokens) return "";
    if (Date.now() < tokens.endsAt - RENEW_BEFORE_MS) return tokens.access;
    return this.#renewed(tokens.access);
  }

  /** A new access token in place of one; only one tab at a time renews, the others take what it got. @param {string} old */
  #renewed(old) {
    return alone(this.#key, async () => {
      const tokens = this.#tokens;
      if (!tokens) throw new Failure(401, "SESSION_ENDED");
      if (tokens.access !== old) return tokens.access;
      // Kept until there is an answer: the same id gets the answer again that was lost.
      const requestId = tokens.requestId ?? crypto.randomUUID();
      this.#write({ ...tokens, requestId });
      const body = { refresh_token: tokens.refresh, request_id: requestId };
      // Who signs out meanwhile stays signed out, and who signs in then stays signed in.
      const isAwaited = () => this.#tokens?.requestId === requestId;
      try {
        const answer = await twice(() => call("/api/auth/refresh", { body, clock: this.clock, timeoutMs: RENEW_TIMEOUT_MS }));
        if (isAwaited()) this.#keep(answer, tokens.account);
      } catch (error) {
        const failure = asFailure(error);
        if (failure.reason === "SESSION_ENDED" && isAwaited()) this.forget();
        throw failure;
      }
      const now = this.#tokens;
      if (now?.account.id !== tokens.account.id) throw new Failure(401, "SESSION_ENDED");
      return now.access;
    });
  }

  /** @param {{access_token: string, refresh_token: string, expires_in: number}} answer @param {Account} account */
  #keep(answer, account) {
    const endsAt = Date.now() + 1000 * answer.expires_in;
    this.#write({ access: answer.access_token, refresh: answer.refresh_token, endsAt, account });
  }

  /** @param {Tokens} tokens */
  #write(tokens) {
    localStorage.setItem(this.#key, JSON.stringify(tokens));
  }

  /** @returns {Tokens | null} */
  get #tokens() {
    return JSON.parse(localStorage.getItem(this.#key) ?? "null");
  }
}

/** End a session at the server, if it can be reached. @param {string} refresh its token */
async function logOut(refresh) {
  await call("/api/auth/logout", { body: { refresh_token: refresh }, ...LAST }).catch(() => {});
}

/**
 * Do something in one tab at a time.
 * @template Answer
 * @param {string} name
 * @param {() => Promise<Answer>} work
 * @returns {Promise<Answer>}
 */
function alone(name, work) {
  // Over plain HTTP, where browsers have no locks, two tabs may renew at once; the server then tells one to try again.
  return navigator.locks ? navigator.locks.request(name, work) : work();
}
