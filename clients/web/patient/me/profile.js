/** A person's details, each with a way to change it. */

import { make, written } from "../../shared/elements.js";
import { drawSessions } from "../../shared/own_sessions.js";
import { dateInWords } from "../../shared/wall_clock.js";
import { acting, family, representativesOf } from "../people/family.js";
import { chooser, headingOf } from "../people/whose.js";
import { success } from "../problem.js";

/** @import { Page, View } from "../page.js" */
/** @typedef {{id: string, name: string, birth_date: string, phone: string, email: string, language: "en" | "ja", pending_email: string, pending_phone: string, etag: string}} Patient */

/** @param {Page} page @param {string} id @returns {Promise<Patient>} */
export async function loadPatient(page, id) {
  return (await page.call(`/api/patients/${id}`)).patient;
}

/** @type {View} */
export async function profileView(page, query) {
  const { text } = page;
  const people = await page.people.reload();
  const person = await page.people.chosen();
  const [whose, patient, representatives] = await Promise.all([
    // What was done was done to the one before.
    chooser(page, person, () => page.go("profile")),
    loadPatient(page, person.id),
    person.acts ? [] : representativesOf(page, person.id),
  ]);
  const done = { saved: text.saved, password: text.passwordChanged, ended: text.family.ended }[query.get("done") ?? ""];
  return [
    ...whose,
    headingOf(page, person, text.profileTitle, text.family.detailsOf),
    done && success(done),
    make(
      "dl",
      { class: "facts changeable" },
      row(text.name, written(patient.name)),
      row(text.birthDate, dateInWords(page.lang, patient.birth_date) || text.unknown),
      row(text.email, waiting(page, patient.email, patient.pending_email), link(page, "email", text.email)),
      row(text.phone, waiting(page, patient.phone, patient.pending_phone), link(page, "phone", text.phone)),
      row(text.language, text.languages[patient.language], link(page, "language", text.language)),
      ...(person.acts ? [] : [row(text.password, "••••••••", link(page, "password", text.password))]),
    ),
    make("p", { class: "muted" }, text.profileLead),
    ...(person.acts ? acting(page, person.acts) : [...family(page, people, representatives), sessions(page)]),
  ].filter((each) => each instanceof Node);
}

/** Where the person is signed in. @param {Page} page */
function sessions({ session, lang }) {
  const section = make("section", {});
  drawSessions(session, lang, section, "h2");
  return section;
}

/** @param {string} name @param {string | Node} value @param {Node} [change] */
function row(name, value, change) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value), change && make("dd", {}, change));
}

/** @param {Page} page @param {string} what @param {string} name */
function link({ text }, what, name) {
  return make("a", { href: `#/change?what=${what}`, "aria-label": `${text.change}: ${name}` }, text.change);
}

/** An address that is used, and one that waits to be confirmed. @param {Page} page @param {string} used @param {string} pending */
function waiting({ text }, used, pending) {
  const code = pending && make("span", { class: "small" }, text.waiting(pending), " ", make("a", { href: "#/change?what=code" }, text.enterCode));
  return make("span", {}, written(used || text.unknown), code);
}
