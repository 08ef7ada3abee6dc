/** Changing one detail: one question on a page. */

import { make } from "../../shared/elements.js";
import { codeOf, field, form } from "../../shared/form.js";
import { choose } from "../../shared/language.js";
import { phoneOf } from "../../shared/typed.js";
import { whose } from "../people/whose.js";
import { loadPatient } from "./profile.js";

/** @import { Wrong } from "../../shared/form.js" */
/** @import { Page, View } from "../page.js" */
/** @import { Person } from "../people/people.js" */
/** @import { Patient } from "./profile.js" */

const SHORTEST_PASSWORD = 12;

/** @typedef {{title: string, fields: HTMLElement[], check: (values: Record<string, string>) => Wrong[], save: (values: Record<string, string>) => Promise<void>}} Question */

/** @type {View} */
export async function changeView(page, query) {
  const { text, shared } = page;
  const person = await page.people.chosen();
  const [top, patient] = await Promise.all([whose(page, person.id), loadPatient(page, person.id)]);
  const possible = questions(page, person, patient);
  const asked = possible[query.get("what") ?? ""] ?? possible.email;
  if (!asked) return [];
  const { title, fields, check, save } = asked();
  return [
    ...top,
    make("h1", { tabindex: "-1" }, title),
    form(
      shared.problem,
      async (values) => {
        const wrong = check(values);
        if (wrong.length) return wrong;
        try {
          await save(values);
        } catch (error) {
          return [{ id: fields.length === 1 ? (fields[0]?.querySelector("[id]:is(input, select)")?.id ?? "") : "", text: page.say(error) }];
        }
      },
      ...fields,
      make("div", { class: "actions" }, make("button", { class: "primary" }, text.save), make("a", { class: "button", href: "#/profile" }, text.back)),
    ),
  ];
}

/** @param {Page} page @param {Person} person @param {Patient} patient @returns {Record<string, () => Question>} */
function questions(page, person, patient) {
  const { text } = page;
  const requestId = crypto.randomUUID();
  const update = (/** @type {object} */ changes) =>
    page.call(`/api/patients/${patient.id}`, {
      method: "PATCH",
      body: { patient: changes, update_mask: Object.keys(changes).join(","), request_id: requestId },
    });
  return {
    email: () => ({
      title: text.changeEmail,
      fields: [field(text.email, { id: "new-email", type: "email", autocomplete: "email", value: patient.email }, { hint: person.acts ? text.family.codeHint : text.changeEmailHint })],
      check: (values) => (/^\S+@\S+\.\S+$/.test(values["new-email"] ?? "") ? [] : [{ id: "new-email", text: text.emailWrong }]),
      save: async (values) => after(page, (await update({ email: values["new-email"] })).patient.pending_email),
    }),
    phone: () => ({
      title: text.changePhone,
      fields: [field(text.phone, { id: "new-phone", type: "tel", autocomplete: "tel", value: patient.phone }, { hint: text.changePhoneHint })],
      check: (values) => (/^\+[1-9]\d{6,14}(;ext=\d+)?$/.test(phoneOf(values["new-phone"])) ? [] : [{ id: "new-phone", text: text.phoneWrong }]),
      save: async (values) => after(page, (await update({ phone: phoneOf(values["new-phone"]) })).patient.pending_phone),
    }),
    language: () => languageQuestion(page, person, patient, update),
    ...(!person.acts && { password: () => passwordQuestion(page) }),
    code: () => ({
      title: text.codeTitle,
      fields: [field(text.code, { id: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "40" }, { hint: text.codeHint(patient.pending_email || patient.pending_phone) })],
      check: (values) => (/^\d{6}$/.test(codeOf(values.code)) ? [] : [{ id: "code", text: text.codeWrong }]),
      save: async (values) => {
        await page.call(`/api/patients/${patient.id}:confirmContact`, { body: { code: codeOf(values.code), request_id: crypto.randomUUID() } });
        page.go("profile", { done: "saved" });
      },
    }),
  };
}

/** @param {Page} page @param {Person} person @param {Patient} patient @param {(changes: object) => Promise<unknown>} update @returns {Question} */
function languageQuestion(page, person, patient, update) {
  const { text } = page;
  const hint = person.acts ? text.family.messagesTo(person.name) : text.changeLanguageHint;
  return {
    title: text.changeLanguage,
    fields: [field(text.language, { id: "new-language" }, { control: languages(page, patient), hint })],
    check: () => [],
    save: async (values) => {
      const lang = values["new-language"] === "ja" ? "ja" : "en";
      await update({ language: lang });
      if (person.acts) return page.go("profile", { done: "saved" });
      location.hash = "#/profile?done=saved";
      choose(lang);
    },
  };
}

/** @param {Page} page @returns {Question} */
function passwordQuestion(page) {
  const { text, session } = page;
  return {
    title: text.changePassword,
    fields: [
      field(text.currentPassword, { id: "current-password", type: "password", autocomplete: "current-password" }),
      field(text.newPassword, { id: "new-password", type: "password", autocomplete: "new-password" }, { hint: text.newPasswordHint }),
    ],
    check: (values) => [
      ...(values["current-password"] ? [] : [{ id: "current-password", text: text.passwordMissing }]),
      ...((values["new-password"] ?? "").length >= SHORTEST_PASSWORD ? [] : [{ id: "new-password", text: text.newPasswordWrong }]),
    ],
    save: async (values) => {
      const passwords = { current_password: values["current-password"], new_password: values["new-password"] };
      // Which ends all other sessions.
      await page.signedIn(() => session.beginAnew("/api/auth/password:change", passwords));
      page.go("profile", { done: "password" });
    },
  };
}

/** Where a change leads: to its code, if one was sent. @param {Page} page @param {string} pending */
function after(page, pending) {
  if (pending) page.go("change", { what: "code" });
  else page.go("profile", { done: "saved" });
}

/** @param {Page} page @param {Patient} patient */
function languages({ text }, patient) {
  const options = Object.entries(text.languages).map(([value, label]) => make("option", { value, lang: value, selected: value === patient.language }, label));
  return make("select", { id: "new-language", name: "new-language" }, ...options);
}
