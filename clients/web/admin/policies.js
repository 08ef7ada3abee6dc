/** A clinic's rules for bookings and its holidays: what a change would do is shown before it is made. */

import { asFailure } from "../shared/api.js";
import { area, ask } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field, form } from "../shared/form.js";
import { dateOf } from "../shared/typed.js";

/** @import { Child } from "../shared/elements.js" */
/** @import { Wrong } from "../shared/form.js" */
/** @import { Admin, Clinic } from "./admin.js" */

const RULES = /** @type {const} */ (["horizon_days", "min_notice_minutes", "cancel_by_minutes", "max_per_patient_day", "max_open_appointments", "buffer_minutes"]);
const AGES = /** @type {const} */ (["until_age", "see_records_until_age"]);

/** @param {Admin} admin @param {HTMLElement} root */
export async function policies(admin, root) {
  const { words } = admin;
  await admin.attempt(async () => {
    Object.assign(admin.clinic, (await admin.session.call(`/api/clinics/${admin.clinic.id}`)).clinic);
    root.replaceChildren(make("h1", {}, words.policies), make("p", { class: "muted" }, words.policiesText), make("div", { class: "two" }, rules(admin), make("div", {}, representatives(admin), browsing(admin), holidays(admin))));
  });
}

/** @param {Admin} admin */
function rules(admin) {
  const { words, clinic } = admin;
  const fields = RULES.map((rule) => field(words.rules[rule], { id: rule, type: "number", min: 0, value: clinic.policy[rule] ?? 0 }, { hint: words.ruleHints[rule] }));
  return previewed(admin, RULES.map((rule) => `policy.${rule}`).join(","), (values) => {
    const wrong = RULES.filter((rule) => !/^\d{1,5}$/.test(values[rule] ?? "")).map((id) => ({ id, text: words.numberWrong }));
    return wrong.length ? wrong : { policy: Object.fromEntries(RULES.map((rule) => [rule, Number(values[rule])])) };
  }, make("h2", {}, words.rulesTitle), ...fields);
}

/** Until which ages others act for minors. @param {Admin} admin */
function representatives(admin) {
  const { words, clinic } = admin;
  const fields = AGES.map((rule) => field(words.rules[rule], { id: rule, type: "number", min: 0, max: 30, value: clinic.representative_policy?.[rule] ?? 0 }));
  return previewed(admin, "representative_policy", (values) => {
    const wrong = AGES.filter((rule) => !/^\d{1,2}$/.test(values[rule] ?? "")).map((id) => ({ id, text: words.numberWrong }));
    return wrong.length ? wrong : { representative_policy: Object.fromEntries(AGES.map((rule) => [rule, Number(values[rule])])) };
  }, make("h2", {}, words.representatives), ...fields);
}

/** @param {Admin} admin */
function browsing(admin) {
  const { words, clinic } = admin;
  const everybody = make("input", { type: "checkbox", id: "browsing", name: "browsing", checked: clinic.public_browsing });
  return previewed(admin, "public_browsing", ({ browsing: chosen }) => ({ public_browsing: Boolean(chosen) }),
    make("h2", {}, words.browsing), make("div", { class: "check" }, everybody, make("label", { for: "browsing" }, words.browsingHint)));
}

/** @param {Admin} admin */
function holidays(admin) {
  const { words, clinic } = admin;
  const text = area("holidays", (clinic.holidays ?? []).join("\n"));
  text.rows = 12;
  text.removeAttribute("maxlength");
  return previewed(admin, "holidays", ({ holidays = "" }) => {
    const days = holidays.split(/[\s,、]+/).filter(Boolean).map(dateOf);
    const wrong = days.find((day) => !/^\d{4}-\d\d-\d\d$/.test(day));
    return wrong ? [{ id: "holidays", text: words.dateWrong(wrong) }] : { holidays: days };
  }, make("h2", {}, words.holidays), field(words.holidays, { id: "holidays" }, { control: text, hint: words.holidaysHint }));
}

/**
 * A form of a part of the clinic: asks the server what a change does, then makes it.
 * @param {Admin} admin
 * @param {string} mask the fields that are changed
 * @param {(values: Record<string, string>) => Wrong[] | Partial<Clinic>} read what was entered, or what is wrong with it
 * @param {...Child} children
 */
function previewed(admin, mask, read, ...children) {
  const { words, clinic } = admin;
  const path = `/api/clinics/${clinic.id}`;
  const element = form(
    admin.shared.problem,
    async (values) => {
      const entered = read(values);
      if (Array.isArray(entered)) return entered;
      const body = { clinic: { ...entered, etag: clinic.etag }, update_mask: mask, language: admin.lang };
      try {
        const { consequences } = await admin.write(path, { ...body, validate_only: true }, "PATCH");
        const list = consequences.length ? make("ul", {}, ...consequences.map((/** @type {string} */ each) => make("li", {}, each))) : make("p", {}, words.noConsequences);
        await ask(admin.lang, { title: words.changeRules, confirm: words.save, refused: admin.refused }, async () => {
          Object.assign(clinic, (await admin.write(path, body, "PATCH")).clinic);
          admin.say(words.saved);
        }, list);
      } catch (error) {
        return [{ id: "", text: admin.refused(asFailure(error)) }];
      }
    },
    ...children,
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.preview)),
  );
  element.classList.add("panel");
  return element;
}
