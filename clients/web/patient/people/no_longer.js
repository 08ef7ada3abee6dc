/** What stands in place of a view of somebody for whom one no longer acts. */

import { make } from "../../shared/elements.js";

/** @import { Page } from "../page.js" */
/** @import { Person } from "./people.js" */

/** @param {Page} page @param {Person[]} lost for whom one no longer acts */
export function noLonger({ text }, lost) {
  const { family: words } = text;
  return [
    make("h1", { tabindex: "-1" }, words.noLonger(lost.map(({ name }) => name || text.unknown).join(text.comma))),
    make("p", { class: "message warning", role: "alert" }, words.noLongerMeans),
    make("div", { class: "actions" }, make("a", { class: "button primary", href: "#/profile" }, text.profileTitle), make("a", { class: "button", href: "#/appointments" }, text.appointmentsTitle)),
  ];
}
