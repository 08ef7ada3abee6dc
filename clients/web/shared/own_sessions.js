/** Where somebody is signed in, to end what is not theirs. */

import { asFailure } from "./api.js";
import { make } from "./elements.js";
import { onDevice } from "./wall_clock.js";
import { refusal, sharedWords } from "./words.js";

/** @import { Language } from "./language.js" */
/** @import { Session } from "./session.js" */
/** @typedef {{id: string, create_time: string, last_use_time: string, program: string, system: string, current: boolean}} Shown */

/** Draw the sessions of the account. @param {Session} session @param {Language} lang @param {HTMLElement} root @param {"h2" | "h3"} level of the heading */
export async function drawSessions(session, lang, root, level) {
  const words = sharedWords(lang);
  const heading = make(level, { tabindex: "-1" }, words.sessions);
  try {
    const found = /** @type {Shown[]} */ ((await session.call("/api/auth/sessions")).sessions);
    root.replaceChildren(heading, make("p", { class: "muted" }, words.sessionsText), make("ul", { class: "sessions" }, ...found.map(item)));
  } catch (error) {
    root.replaceChildren(heading, make("p", { role: "alert" }, refusal(words, {}, asFailure(error))));
  }

  /** @param {Shown} each */
  function item(each) {
    const name = [each.program, each.system].filter(Boolean).join(" · ") || words.sessionUnknown;
    const time = (/** @type {string} */ text) => onDevice(lang, text);
    const end = make("button", { type: "button", "aria-label": `${words.sessionEnd}: ${name}, ${time(each.last_use_time)}`, onclick: () => ended(each.id) }, words.sessionEnd);
    return make("li", {}, make("p", {}, make("strong", {}, name), each.current && make("span", { class: "muted" }, ` · ${words.sessionThis}`), make("br", {}), words.sessionTimes(time(each.last_use_time), time(each.create_time))), !each.current && end);
  }

  /** @param {string} id */
  async function ended(id) {
    try {
      await session.call(`/api/auth/sessions/${id}:end`, { method: "POST", body: {} });
      await drawSessions(session, lang, root, level);
      root.querySelector(level)?.focus();
    } catch (error) {
      root.append(make("p", { role: "alert" }, refusal(words, {}, asFailure(error))));
    }
  }
}
