/** Calls of the server: JSON, and streams of server-sent events. */

/** A refusal; `status` 0 if no answer came at all. */
export class Failure extends Error {
  /**
   * @param {number} status
   * @param {string} reason a value of ErrorReason, or empty
   */
  constructor(status, reason) {
    super(reason || `status ${status}`);
    this.status = status;
    this.reason = reason;
  }
}

/** The server's time, however wrong the screen's own clock is. */
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
 * @param {{token?: string, body?: object, clock?: Clock}} options
 */
export async function call(path, { token, body, clock }) {
  const response = await send(path, {
    method: body ? "POST" : "GET",
    headers: { ...authorization(token), ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  clock?.set(response.headers.get("date"));
  return response.json();
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
  if (!response.ok) throw new Failure(response.status, await reasonOf(response));
  return response;
}

/** @param {Response} response */
async function reasonOf(response) {
  try {
    const { details } = await response.json();
    return details.find((/** @type {any} */ each) => each.reason)?.reason ?? "";
  } catch {
    return "";
  }
}

/** @param {string | undefined} token @returns {Record<string, string>} */
function authorization(token) {
  return token ? { authorization: `Bearer ${token}` } : {};
}
