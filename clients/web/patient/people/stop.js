/** Ending that somebody acts for another, after saying what it means. */

import { make, written } from "../../shared/elements.js";
import { form } from "../../shared/form.js";
import { factList } from "../facts.js";
import { lastDay, relationOf, representativesOf } from "./family.js";

/** @import { Page, View } from "../page.js" */
/** @import { Representative } from "./people.js" */

/** @type {View} */
export async function stopView(page, query) {
  const { text, shared } = page;
  const { family: words } = text;
  const id = query.get("id") ?? "";
  const own = (await page.people.all()).find(({ acts }) => acts?.id === id)?.acts;
  const found = own ?? (await representativesOf(page, page.people.self.id)).find((each) => each.id === id);
  if (!found) return [make("h1", { tabindex: "-1" }, words.overTitle), make("p", {}, words.over), back(page)];
  const send = async () => {
    try {
      await page.call(`/api/representatives/${id}:end`, { method: "POST", body: {} });
    } catch (error) {
      return [{ id: "", text: page.say(error) }];
    }
    page.people.leave(found.patient.id);
    page.done("profile", { done: "ended" });
  };
  return [
    make("h1", { tabindex: "-1" }, own ? words.stopTitle(found.patient.name) : words.endTitle(found.name)),
    make("div", { class: "panel" }, facts(page, found, Boolean(own))),
    make("p", { class: "message warning" }, own ? words.stopMeans : words.endMeans),
    form(
      shared.problem,
      send,
      make("div", { class: "actions" }, make("button", { class: "danger" }, own ? words.stopYes : words.endYes), make("a", { class: "button", href: "#/profile" }, words.goOn)),
    ),
  ];
}

/** @param {Page} page @param {Representative} found @param {boolean} own */
function facts(page, found, own) {
  const { family: words } = page.text;
  return factList(
    own ? [words.patient, written(found.patient.name)] : [words.representative, written(found.name)],
    [words.as, relationOf(page, found.relation)],
    [words.lastDay, lastDay(page, found)],
  );
}

/** @param {Page} page */
function back({ text }) {
  return make("div", { class: "actions" }, make("a", { class: "button", href: "#/profile" }, text.back));
}
