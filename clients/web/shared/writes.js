/** Writes that are done once, even if they are sent again because no answer came. */

import { asFailure } from "./api.js";

/** @import { Session } from "./session.js" */

export class Writes {
  #session;
  /** The last write that had no answer, and its request id. */
  #unanswered = { content: "", id: "" };

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** The answer of a write (Failure). @param {string} path @param {object} body @param {string} method */
  async send(path, body, method = "POST") {
    const content = JSON.stringify([method, path, body]);
    const id = this.#unanswered.content === content ? this.#unanswered.id : crypto.randomUUID();
    this.#unanswered = { content, id };
    try {
      const answer = await this.#session.call(path, { method, body: { ...body, request_id: id } });
      this.#unanswered.content = "";
      return answer;
    } catch (error) {
      if (asFailure(error).status) this.#unanswered.content = "";
      throw error;
    }
  }
}
