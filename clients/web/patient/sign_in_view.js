/** Signing in: as a view of its own, and over a view whose session has ended. */

import { make } from "../shared/elements.js";
import { signInForm } from "../shared/sign_in.js";

/** @import { Page, View } from "./page.js" */

/** Whether the browser stores what a session needs. */
export function storageWorks() {
  try {
    localStorage.setItem("yoyaku.test", "");
    localStorage.removeItem("yoyaku.test");
    return true;
  } catch {
    return false;
  }
}

/** @type {View} */
export async function signInView(page, _query, _signal, again) {
  const { text, shared, session } = page;
  return [
    make("h1", { tabindex: "-1" }, text.signInTitle),
    make("p", { class: "lead" }, text.signInLead),
    make("div", { class: "panel" }, signInForm(session, shared, again, forgotten(page))),
    make("h2", {}, text.noAccount),
    make("p", {}, text.noAccountText),
  ];
}

/** @param {Page} page */
function forgotten({ text }) {
  return make("p", {}, make("a", { href: "/account" }, text.forgotten));
}

/** @type {Promise<void> | null} one form, however many calls wait for it */
let open = null;

/** Resolves once somebody has signed in. Who closes the form signs in on the page instead. @param {Page} page @param {string} email who it was */
export function signInAgain(page, email) {
  open ??= ask(page, email).finally(() => (open = null));
  return open;
}

/** @param {Page} page @param {string} email @returns {Promise<void>} */
function ask(page, email) {
  const { text, shared, session } = page;
  return new Promise((resolve) => {
    let done = false;
    const finish = () => {
      done = true;
      dialog.close();
    };
    const dialog = make(
      "dialog",
      { "aria-labelledby": "again" },
      make("h2", { id: "again" }, text.signInAgainTitle),
      make("p", {}, text.signInAgain),
      signInForm(session, shared, finish, forgotten(page)),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (done) return resolve();
      session.forget();
      location.reload();
    });
    document.body.append(dialog);
    dialog.showModal();
    const field = /** @type {HTMLInputElement} */ (dialog.querySelector("#email"));
    field.value = email;
    if (email) /** @type {HTMLInputElement} */ (dialog.querySelector("#password")).focus();
  });
}
