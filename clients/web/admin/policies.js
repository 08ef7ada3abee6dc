/** A clinic's rules for bookings: what a change would do is shown before it is made. */

import { asFailure } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { make } from "../shared/elements.js";
import { field, form } from "../shared/form.js";

/** @import { Admin } from "./admin.js" */

const RULES = /** @type {const} */ (["horizon_days", "min_notice_minutes", "cancel_by_minutes", "max_per_patient_day", "buffer_minutes"]);

/** @param {Admin} admin @param {HTMLElement} root */
export async function policies(admin, root) {
  const { words, clinic } = admin;
  const path = `/api/clinics/${clinic.id}`;
  const fields = RULES.map((rule) => field(words.rules[rule], { id: rule, type: "number", min: 0, value: clinic.policy[rule] ?? 0 }, { hint: words.ruleHints[rule] }));
  const element = form(
    admin.shared.problem,
    async (values) => {
      const wrong = RULES.filter((rule) => !/^\d{1,5}$/.test(values[rule] ?? "")).map((id) => ({ id, text: words.numberWrong }));
      if (wrong.length) return wrong;
      const policy = Object.fromEntries(RULES.map((rule) => [rule, Number(values[rule])]));
      const body = { clinic: { policy, etag: clinic.etag }, update_mask: "policy" };
      try {
        const { consequences } = await admin.write(path, { ...body, validate_only: true }, "PATCH");
        const told = consequences.length ? make("ul", {}, ...consequences.map((/** @type {string} */ each) => make("li", {}, each))) : make("p", {}, words.noConsequences);
        await ask(admin.lang, { title: words.changeRules, confirm: words.save, refused: admin.refused }, async () => {
          const answer = await admin.write(path, body, "PATCH");
          Object.assign(clinic, answer.clinic);
          admin.say(words.saved);
        }, told);
      } catch (error) {
        return [{ id: "", text: admin.refused(asFailure(error)) }];
      }
    },
    ...fields,
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.preview)),
  );
  element.classList.add("panel", "form");
  root.replaceChildren(make("h1", {}, words.policies), make("p", { class: "muted" }, words.policiesText), element);
}
