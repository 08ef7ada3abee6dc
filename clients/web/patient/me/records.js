/** A person's medical records, and who has read them. */

import { make, written } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { doctorName } from "../facts.js";
import { relationOf } from "../people/family.js";
import { chooser, headingOf } from "../people/whose.js";
import { problem } from "../problem.js";

/** @import { ClinicRef, Page, View } from "../page.js" */
/** @import { Person } from "../people/people.js" */
/**
 * @typedef {{doctor: {name: string, specialty: string}, clinic: ClinicRef, text: string, version: number, create_time: string}} MedicalRecord
 * @typedef {{access_time: string, kind: string, basis: string, doctor?: {name: string, specialty: string}, account_id: string, relation: string, reason: string}} Access
 */

const SIZE = "20";

/** @type {View} */
export async function recordsView(page, _query, _signal, again) {
  const { text } = page;
  const person = await page.people.chosen();
  const top = [...(await chooser(page, person, again)), headingOf(page, person, text.recordsTitle, text.family.recordsOf)];
  if (person.acts && !person.acts.sees_records) return [...top, make("p", { class: "message" }, text.family.recordsClosed(person.name))];
  // One after the other: to read the records is an access, which the log then shows.
  const records = await pages(page, person.id, "/api/medical-records", "records", (each) => record(page, each), text.noRecords);
  const accesses = await pages(page, person.id, "/api/medical-records:accessLog", "accesses", (each) => access(page, person, each), text.noAccess);
  return [
    ...top,
    make("p", { class: "lead" }, text.recordsLead),
    records,
    make("h2", {}, text.accessTitle),
    make("p", { class: "muted" }, text.accessLead),
    accesses,
  ];
}

/**
 * A list that goes on when it is asked to.
 * @param {Page} page
 * @param {string} patient_id
 * @param {string} path
 * @param {string} name
 * @param {(entry: any) => HTMLElement} draw
 * @param {string} empty
 */
async function pages(page, patient_id, path, name, draw, empty) {
  const list = make("ul", { class: "rows" });
  const more = make("div", {});
  const load = async (/** @type {string} */ token) => {
    const query = { patient_id, size: SIZE, page_token: token };
    const answer = await page.call(`${path}?${new URLSearchParams(query)}`);
    list.append(...answer[name].map(draw));
    const next = () => load(answer.next_page_token).catch((error) => more.prepend(problem(page, error)));
    more.replaceChildren(...(answer.next_page_token ? [make("button", { onclick: next }, page.text.showMore)] : []));
  };
  await load("");
  return make("div", {}, list.children.length ? list : make("p", {}, empty), more);
}

/** @param {Page} page @param {MedicalRecord} record */
function record({ lang, text }, { doctor, clinic, text: words, version, create_time }) {
  const clock = new WallClock(lang, clinic.time_zone);
  const at = Date.parse(create_time);
  return make(
    "li",
    { class: "record" },
    make("strong", {}, clock.long(at)),
    make("span", { class: "muted" }, ...doctorName(doctor), written(clinic.name), version > 1 && make("span", {}, text.amended(version))),
    make("p", { class: "written" }, written(words)),
  );
}

/** @param {Page} page @param {Person} person @param {Access} entry */
function access(page, person, entry) {
  const { lang, text } = page;
  const { access_time, kind, reason } = entry;
  const clock = new WallClock(lang, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const at = Date.parse(access_time);
  /** @type {Record<string, string>} */
  const kinds = text.kinds;
  return make(
    "li",
    { class: "access" },
    make("time", { datetime: access_time, class: "muted" }, `${clock.short(at)} ${clock.time(at)}`),
    make("span", {}, make("strong", {}, who(page, person, entry)), " ", kinds[kind.replace("RECORD_ACCESS_KIND_", "")]),
    reason && make("span", { class: "muted" }, written(reason)),
  );
}

/** @param {Page} page @param {Person} person whose records they are @param {Access} entry */
function who(page, person, { basis, doctor, account_id, relation }) {
  const { text, session } = page;
  if (doctor) return written(doctor.name);
  if (account_id === session.account?.id) return text.you;
  if (basis.endsWith("_OWN")) return written(person.name);
  return basis.endsWith("_REPRESENTATIVE") ? relationOf(page, relation) : text.theClinic;
}
