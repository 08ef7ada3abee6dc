/** Registering: one question after the other, then the code from the mail. */

import { asFailure, call } from "../../shared/api.js";
import { make } from "../../shared/elements.js";
import { codeOf, field, form, showWrong } from "../../shared/form.js";

/** @import { Wrong } from "../../shared/form.js" */
/** @import { Page, View } from "../page.js" */
/** @typedef {"name" | "birth_date" | "email" | "password" | "code"} Step */

const STEPS = /** @type {const} */ (["name", "birth_date", "email", "password", "code"]);
const FORMS = { name: /./, birth_date: /^\d{4}-\d\d-\d\d$/, email: /^\S+@\S+$/, password: /^.{12,}$/su, code: /^\d{6}$/ };
const KEY = "yoyaku.patient.registration";

/** What was entered; only the password is not kept over a reload. */
let password = "";
/** @type {Step | ""} whose answer the server refused */
let refused = "";

/** @returns {Record<string, string>} */
function entered() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
}

/** @param {Record<string, string>} changes */
function keep(changes) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...entered(), ...changes }));
}

/** @type {View} */
export async function registerView(page, query) {
  const { text } = page;
  if (page.session.account) return arrived(page, query);
  const step = reached(query.get("step"));
  const number = STEPS.indexOf(step);
  const back = number ? addressOf(query, STEPS[number - 1] ?? "name") : `#/${query.get("then") ?? "appointments"}`;
  const asked = form(
    page.shared.problem,
    (values) => send(page, query, step, values),
    question(page, step),
    make("div", { class: "actions" }, make("button", { class: "primary" }, step === "code" ? text.registerEnd : text.goOn), make("a", { class: "button", href: back }, text.back)),
  );
  if (refused === step) showWrong(asked, page.shared.problem, [{ id: step, text: missing(page, step) }]);
  refused = "";
  return [
    make("p", { class: "step" }, text.step(number + 1, STEPS.length)),
    make("h1", { tabindex: "-1" }, title(page, step)),
    asked,
    ...(step === "code" ? [make("p", { class: "muted" }, text.registerAgain)] : []),
  ];
}

/** The step that was asked for, or the first one before it that has no answer. @param {string | null} asked @returns {Step} */
function reached(asked) {
  const known = entered();
  const given = { name: known.name, birth_date: known.birth_date, email: known.email, password: known.id || password, code: known.id };
  for (const step of STEPS) if (step === asked || !given[step]) return step;
  return "code";
}

/** @param {Page} page @param {Step} step */
function title({ text }, step) {
  return { name: text.registerName, birth_date: text.registerBirthDate, email: text.changeEmail, password: text.registerPassword, code: text.codeTitle }[step];
}

/** @param {Page} page @param {Step} step */
function question({ text }, step) {
  const known = entered();
  const fields = {
    name: () => field(text.name, { id: "name", autocomplete: "name", value: known.name ?? "", maxlength: "200" }, { hint: text.registerNameHint }),
    birth_date: () => field(text.birthDate, { id: "birth_date", type: "date", autocomplete: "bday", value: known.birth_date ?? "" }),
    email: () => field(text.email, { id: "email", type: "email", autocomplete: "username", inputmode: "email", value: known.email ?? "" }, { hint: text.registerEmailHint }),
    password: () => field(text.password, { id: "password", type: "password", autocomplete: "new-password" }, { hint: text.newPasswordHint }),
    code: () => field(text.code, { id: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "40" }, { hint: text.codeHint(known.email ?? "") }),
  };
  return fields[step]();
}

/** What to say of an answer that is not one. @param {Page} page @param {Step} step */
function missing({ text }, step) {
  return { name: text.registerNameMissing, birth_date: text.registerBirthDateMissing, email: text.emailWrong, password: text.newPasswordWrong, code: text.codeWrong }[step];
}

/** @param {Page} page @param {URLSearchParams} query @param {Step} step @param {Record<string, string>} values @returns {Promise<Wrong[] | void>} */
async function send(page, query, step, values) {
  const given = values[step] ?? "";
  const value = step === "code" ? codeOf(given) : given;
  if (!FORMS[step].test(value)) return [{ id: step, text: missing(page, step) }];
  if (step === "code") return confirm(page, query, value);
  if (step !== "password") {
    keep({ [step]: value, id: "" });
    location.hash = addressOf(query, STEPS[STEPS.indexOf(step) + 1] ?? "code");
    return;
  }
  password = value;
  return request(page, query);
}

/** @param {Page} page @param {URLSearchParams} query @returns {Promise<Wrong[] | void>} */
async function request(page, query) {
  const { name, birth_date, email } = entered();
  try {
    const { registration_id } = await call("/api/auth/registrations", { body: { name, birth_date, email, password, language: page.lang }, timeoutMs: 20_000 });
    keep({ id: registration_id });
  } catch (error) {
    const failure = asFailure(error);
    const [violation] = failure.violations;
    const step = STEPS.find((each) => each === violation?.field);
    if (step && step !== "password") {
      refused = step;
      location.hash = addressOf(query, step);
      return;
    }
    return [{ id: "password", text: violation ? page.text.registerPasswordWeak : page.say(failure) }];
  }
  location.hash = addressOf(query, "code");
}

/** @param {Page} page @param {URLSearchParams} query @param {string} code @returns {Promise<Wrong[] | void>} */
async function confirm(page, query, code) {
  const { id = "", email = "" } = entered();
  try {
    await page.session.register(id, code);
  } catch (error) {
    // The answer may have been lost on its way, after the account was made.
    const signedIn = password && (await page.session.signIn(email, password).then(() => true).catch(() => false));
    if (!signedIn) return [{ id: "code", text: page.say(error) }];
  }
  password = "";
  sessionStorage.removeItem(KEY);
  arrived(page, query);
}

/** Go on to what was chosen before. @param {Page} _page @param {URLSearchParams} query @returns {Node[]} */
function arrived(_page, query) {
  location.replace(`#/${query.get("then") ?? ""}`);
  return [];
}

/** @param {URLSearchParams} query @param {Step} step */
function addressOf(query, step) {
  const changed = new URLSearchParams(query);
  changed.set("step", step);
  return `#/register?${changed}`;
}
