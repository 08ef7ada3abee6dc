/** A message of what went wrong, read out at once. */

import { make } from "../shared/elements.js";

/** @import { Page } from "./page.js" */

/** @param {Page} page @param {unknown} error */
export function problem(page, error) {
  return make("div", { class: "message error", role: "alert" }, make("h2", {}, page.text.failed), make("p", {}, page.say(error)));
}

/** A message that something has been done. @param {string} text */
export function success(text) {
  return make("p", { class: "message good", role: "status" }, text);
}
