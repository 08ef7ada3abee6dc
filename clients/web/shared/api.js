/** Calls of the server: JSON, and streams of server-sent events. */

/** The longest wait that a call makes by itself before it tries again. */
const LONGEST_WAIT_MS = 5_000;
const LOST_CONNECTION_WAIT_MS = 500;
/** For calls of who signs out: they outlive the page, and are short. */
export const LAST = { timeoutMs: 4_000, keepalive: true };
/** The most entries that the server puts on a page of a list. */
const PAGE_SIZE = "100";

/** @typedef {{token?: string, method?: string, body?: object, clock?: Clock, timeoutMs?: number, keepalive?: boolean}} CallOptions */
/** @typedef {{field: string, description: string}} Violation */
/**
 * A free slot near the one that was asked for; `doctor` and `clinic` only if it is another doctor's.
 * @typedef {{time_slot: string, start_time: string, end_time: string, reason: string,
 *   doctor?: {id: string, name: string}, clinic?: {id: string, name: string, time_zone: string}}} Alternative
 */

/** A refusal; `status` 0 if no answer came at all. */
export class Failure extends Error {
  /**
   * @param {number} status
   * @param {string} reason a value of ErrorReason, or empty
   * @param {any[]} details those of google.rpc.Status
   */
  constructor(status, reason, details = []) {
    super(reason || `status ${status}`);
    this.status = status;
    this.reason = reason;
    this.details = details;
  }

  /** Values that belong to the reason. @returns {Record<string, string>} */
  get metadata() {
    return this.#detail("ErrorInfo")?.metadata ?? {};
  }

  /** Which fields are wrong, and how. @returns {Violation[]} */
  get violations() {
    const detail = this.#detail("BadRequest");
    return detail?.fieldViolations ?? detail?.field_violations ?? [];
  }

  /** Free slots near the one that was asked for. @returns {Alternative[]} */
  get alternatives() {
    return this.#detail("AlternativeSlots")?.slots ?? [];
  }

  /** After how many milliseconds the server wants to be asked again; 0 if it does not say. */
  get retryAfterMs() {
    const detail = this.#detail("RetryInfo");
    return 1000 * (Number.parseFloat(detail?.retryDelay ?? detail?.retry_delay ?? "0") || 0);
  }

  /** @param {string} kind */
  #detail(kind) {
    return this.details.find((each) => each["@type"]?.endsWith(`.${kind}`));
  }
}

/** The server's time, however wrong the device's own clock is. */
export class Clock {
  #offset = 0;

  now() {
    return Date.now() + this.#offset;
  }

  /** Set by the server's clock. @param {string | null} text */
  set(text) {
    const time = Date.parse(text ?? "");
    if (Number.isNaN(time)) return;
    this.#offset = time - Date.now();
  }
}

/**
 * The answer of a call (Failure).
 * @param {string} path
 * @param {CallOptions} options
 */
export async function call(path, { token, method, body, clock, timeoutMs = 10_000, keepalive = false }) {
  const response = await send(path, {
    method: method ?? (body ? "POST" : "GET"),
    headers: { ...authorization(token), ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
    keepalive,
  });
  clock?.set(response.headers.get("date"));
  return response.json();
}

/**
 * All entries of a list that comes in pages (Failure).
 * @param {(path: string) => Promise<any>} get
 * @param {string} path
 * @param {Record<string, string>} query
 * @param {string} name of the entries in an answer
 * @returns {Promise<any[]>}
 */
export async function all(get, path, query, name) {
  const found = [];
  for (let page = "", more = true; more; more = Boolean(page)) {
    const answer = await get(`${path}?${new URLSearchParams({ ...query, size: PAGE_SIZE, page_token: page })}`);
    found.push(...answer[name]);
    page = answer.next_page_token;
  }
  return found;
}

/**
 * Make a call, and once more if the server says when, or if no answer came. Only for calls that may be made twice: those
 * that read, and those with a `request_id` (Failure).
 * @template Answer
 * @param {() => Promise<Answer>} attempt
 */
export async function twice(attempt) {
  try {
    return await attempt();
  } catch (error) {
    const failure = asFailure(error);
    const waitMs = failure.retryAfterMs || ([0, 502, 503, 504].includes(failure.status) ? LOST_CONNECTION_WAIT_MS : 0);
    if (!waitMs || waitMs > LONGEST_WAIT_MS) throw failure;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return attempt();
  }
}

/** An error of a call as a Failure; what the network or a time limit throws has status 0. @param {unknown} error */
export function asFailure(error) {
  if (error instanceof Failure) return error;
  if (error instanceof TypeError || error instanceof DOMException) return new Failure(0, "");
  throw error;
}

/**
 * Hand over each message of a stream until it ends (Failure, or AbortError by the signal).
 * @param {string} path
 * @param {string} token
 * @param {AbortSignal} signal
 * @param {(message: any) => void} take
 */
export async function stream(path, token, signal, take) {
  const response = await send(path, { headers: { ...authorization(token), accept: "text/event-stream" }, signal });
  const body = /** @type {ReadableStream<BufferSource>} */ (response.body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data:")) take(JSON.parse(event.slice(5)));
  }
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function send(path, options) {
  const response = await fetch(path, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", ...options });
  if (!response.ok) throw await refusalOf(response);
  return response;
}

/** @param {Response} response */
async function refusalOf(response) {
  try {
    return failureOf((await response.json()).details, response.status);
  } catch {
    return new Failure(response.status, "");
  }
}

/** A refusal by its details, those of google.rpc.Status: of a call, or of a part of one. @param {any[]} details @param {number} status */
export function failureOf(details, status = 409) {
  return new Failure(status, details.find((each) => each.reason)?.reason ?? "", details);
}

/** @param {string | undefined} token @returns {Record<string, string>} */
function authorization(token) {
  return token ? { authorization: `Bearer ${token}` } : {};
}
