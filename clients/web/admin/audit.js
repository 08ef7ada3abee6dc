/** Who looked at a patient's records, when and why. */

import { make } from "../shared/elements.js";
import { Picker } from "../shared/picker.js";
import { onDevice } from "../shared/wall_clock.js";
import { scrolling } from "./admin.js";

/** @import { Admin } from "./admin.js" */
/** @typedef {{id: string, name: string, birth_date: string}} Patient */

/** @param {Admin} admin @param {HTMLElement} root */
export async function audit(admin, root) {
  const { words, lang } = admin;
  const log = make("div", {});
  const find = async (/** @type {string} */ name) => {
    const { patients } = await admin.session.call("/api/patients:search", { method: "POST", body: { name, size: 12, language: lang } });
    return patients.map((/** @type {Patient} */ patient) => ({ name: patient.name, detail: patient.birth_date, value: patient }));
  };
  const picker = new Picker(lang, words.patient, words.patientHint, find, (/** @type {Patient} */ patient) => {
    picker.input.value = patient.name;
    show(admin, log, patient, "");
  });
  root.replaceChildren(make("h1", {}, words.audit), make("p", { class: "muted" }, words.auditText), picker.element, log);
}

/** @param {Admin} admin @param {HTMLElement} log @param {Patient} patient @param {string} page */
function show(admin, log, patient, page) {
  const { words, lang } = admin;
  const asked = `${patient.id} ${page}`;
  log.dataset.asked = asked;
  return admin.attempt(async () => {
    const query = new URLSearchParams({ patient_id: patient.id, size: "50", page_token: page });
    const { accesses, next_page_token } = await admin.session.call(`/api/medical-records:accessLog?${query}`);
    // A slower answer about another patient is not shown.
    if (log.dataset.asked !== asked) return;
    const rows = accesses.map((/** @type {any} */ each) => {
      const kind = /** @type {keyof typeof words.accessKinds} */ (each.kind.replace("RECORD_ACCESS_KIND_", ""));
      const basis = /** @type {keyof typeof words.bases} */ (each.basis.replace("RECORD_ACCESS_BASIS_", ""));
      const at = onDevice(lang, each.access_time);
      const who = each.doctor?.name ?? each.account_id;
      const texts = [words.accessKinds[kind], words.bases[basis], who, each.reason];
      return make("tr", { class: kind === "BROKE_GLASS" ? "warned" : "" }, make("th", { scope: "row" }, at), ...texts.map((text) => make("td", {}, make("bdi", {}, text ?? ""))));
    });
    const heads = [words.when, words.what, words.right, words.who, words.why];
    const body = log.querySelector("tbody");
    if (page && body) body.append(...rows);
    else log.replaceChildren(make("h2", {}, make("bdi", {}, patient.name)), scrolling(words.audit, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows))), make("p", { class: "muted", hidden: rows.length > 0 }, words.noAccess));
    log.querySelector("button.next")?.remove();
    if (next_page_token) log.append(make("button", { type: "button", class: "next", onclick: () => show(admin, log, patient, next_page_token) }, words.more));
  });
}
