/** The form that signs a person in. */

import { asFailure } from "./api.js";
import { make } from "./elements.js";
import { codeOf, field, form } from "./form.js";
import { refusal } from "./words.js";

/** @import { Child } from "./elements.js" */
/** @import { Wrong } from "./form.js" */
/** @import { Session } from "./session.js" */
/** @import { SharedWords } from "./words/en.js" */

/**
 * @param {Session} session
 * @param {SharedWords} words
 * @param {() => void} done
 * @param {...Child} below what stands under the button, such as a link to a reset
 */
export function signInForm(session, words, done, ...below) {
  const password = make("input", { id: "password", name: "password", type: "password", autocomplete: "current-password" });
  /** The form in which the code is asked for. @param {string} email @param {string} secret */
  const askForCode = (email, secret) => {
    const second = codeForm(session, words, email, secret, done, () => (second.replaceWith(first), first.querySelector("input")?.focus()));
    first.replaceWith(second);
    second.querySelector("input")?.focus();
  };
  const show = make("input", { id: "show-password", type: "checkbox", onchange: () => (password.type = show.checked ? "text" : "password") });
  const first = form(
    words.problem,
    async (values) => {
      const wrong = missing(words, values);
      if (wrong.length) return wrong;
      try {
        await session.signIn(values.email ?? "", values.password ?? "");
      } catch (error) {
        const failure = asFailure(error);
        if (failure.reason === "SECOND_FACTOR_REQUIRED") return askForCode(values.email ?? "", values.password ?? "");
        const text = failure.status === 400 ? words.refusals.SIGN_IN_FAILED : refusal(words, {}, failure);
        return [{ id: "", text }];
      }
      done();
    },
    field(words.email, { id: "email", type: "email", autocomplete: "username", inputmode: "email" }, { hint: words.emailHint }),
    field(words.password, { id: "password" }, { control: password }),
    make("div", { class: "check" }, show, make("label", { for: "show-password" }, words.showPassword)),
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.signIn)),
    ...below,
  );
  return first;
}

/**
 * The form that asks for the code of an account's second factor, once the password was right.
 * @param {Session} session @param {SharedWords} words @param {string} email @param {string} password
 * @param {() => void} done @param {() => void} back
 */
function codeForm(session, words, email, password, done, back) {
  return form(
    words.problem,
    async ({ "factor-code": typed }) => {
      const code = codeOf(typed);
      if (code.length < 6) return [{ id: "factor-code", text: words.factorCodeMissing }];
      try {
        await session.signIn(email, password, code);
      } catch (error) {
        return [{ id: "factor-code", text: refusal(words, {}, asFailure(error)) }];
      }
      done();
    },
    codeField(words, words.factorCodeHint),
    make("div", { class: "actions" }, make("button", { class: "primary" }, words.signIn), make("button", { type: "button", onclick: back }, words.back)),
  );
}

/** A field for a code of a second factor. @param {SharedWords} words @param {string} hint */
export function codeField(words, hint) {
  return field(words.factorCode, { id: "factor-code", autocomplete: "one-time-code", maxlength: 40, spellcheck: "false" }, { hint });
}

/** @param {SharedWords} words @param {Record<string, string>} values @returns {Wrong[]} */
function missing(words, { email = "", password = "" }) {
  const wrong = [];
  if (!/^\S+@\S+$/.test(email)) wrong.push({ id: "email", text: words.emailMissing });
  if (!password) wrong.push({ id: "password", text: words.passwordMissing });
  return wrong;
}
