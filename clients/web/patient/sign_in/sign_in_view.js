/** Signing in: as a view of its own, and over a view whose session has ended. */

import { make, written } from "../../shared/elements.js";
import { signInForm } from "../../shared/sign_in.js";
import { doctorName, when } from "../facts.js";

/** @import { Page, View } from "../page.js" */

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
export async function signInView(page, query, _signal, again) {
  const { text, shared, session } = page;
  const chosen = query.get("start") && (await choice(page, query).catch(() => null));
  // Where nobody may look without signing in, nobody can register either.
  const isOpen = await page.directory.clinics().then((clinics) => clinics.length > 0, () => false);
  return [
    make("h1", { tabindex: "-1" }, chosen ? text.signInToGoOn : text.signInTitle),
    chosen || make("p", { class: "lead" }, text.signInLead),
    make("div", { class: "panel" }, signInForm(session, shared, again, forgotten(page))),
    make("h2", {}, text.noAccount),
    ...(isOpen ? registering(page) : [make("p", {}, text.noAccountText)]),
  ];
}

/** @param {Page} page */
function registering({ text }) {
  const then = location.hash.replace(/^#\/?/, "");
  return [
    make("p", {}, text.registerText),
    make("div", { class: "actions" }, make("a", { class: "button", href: `#/register?${new URLSearchParams({ then })}` }, text.register)),
    make("p", { class: "muted" }, text.registerKnown),
  ];
}

/** What somebody has chosen before signing in. @param {Page} page @param {URLSearchParams} query */
async function choice(page, query) {
  const { text } = page;
  const doctor = await page.directory.doctor(query.get("doctor") ?? "");
  const clinic = await page.directory.clinic(doctor.clinic.id);
  page.callable(clinic);
  return make(
    "div",
    { class: "panel chosen" },
    make("h2", {}, text.yourChoice),
    make("p", {}, ...when(page, clinic, query.get("start") ?? "").filter(Boolean)),
    make("p", { class: "with" }, ...doctorName(doctor), written(clinic.name)),
    make("p", { class: "muted" }, text.choiceNotKept),
  );
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
