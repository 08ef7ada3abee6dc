/** A person's medical records, and who has read them. */

import { make, written } from "../../shared/elements.js";
import { WallClock } from "../../shared/wall_clock.js";
import { doctorName } from "../facts.js";
import { problem } from "../problem.js";

/** @import { ClinicRef, Page, View } from "../page.js" */
/**
 * @typedef {{doctor: {name: string, specialty: string}, clinic: ClinicRef, text: string, version: number, create_time: string}} MedicalRecord
 * @typedef {{access_time: string, kind: string, basis: string, doctor?: {name: string, specialty: string}, reason: string}} Access
 */

const SIZE = "20";

/** @type {View} */
export async function recordsView(page) {
  const { text } = page;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // One after the other: to read the records is an access, which the log then shows.
  const records = await pages(page, "/api/medical-records", "records", (/** @type {MedicalRecord} */ each) => record(page, each), text.noRecords);
  const accesses = await pages(page, "/api/medical-records:accessLog", "accesses", (/** @type {Access} */ each) => access(page, zone, each), text.noAccess);
  return [
    make("h1", { tabindex: "-1" }, text.recordsTitle),
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
 * @param {string} path
 * @param {string} name
 * @param {(entry: any) => HTMLElement} draw
 * @param {string} empty
 */
async function pages(page, path, name, draw, empty) {
  const list = make("ul", { class: "rows" });
  const more = make("div", {});
  const load = async (/** @type {string} */ token) => {
    const query = { patient_id: page.session.account?.patient_id ?? "", size: SIZE, page_token: token };
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

/** @param {Page} page @param {string} zone @param {Access} access */
function access({ lang, text }, zone, { access_time, kind, basis, doctor, reason }) {
  const clock = new WallClock(lang, zone);
  const at = Date.parse(access_time);
  /** @type {Record<string, string>} */
  const kinds = text.kinds;
  const who = doctor ? written(doctor.name) : basis.endsWith("_OWN") ? text.you : text.theClinic;
  return make(
    "li",
    { class: "access" },
    make("time", { datetime: access_time, class: "muted" }, `${clock.short(at)} ${clock.time(at)}`),
    make("span", {}, make("strong", {}, who), " ", kinds[kind.replace("RECORD_ACCESS_KIND_", "")]),
    reason && make("span", { class: "muted" }, written(reason)),
  );
}
