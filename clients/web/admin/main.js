/** Signs an admin in and shows the part of the administration that the address names. */

import { asFailure } from "../shared/api.js";
import { choice } from "../shared/ask.js";
import { make, part } from "../shared/elements.js";
import { wasLeft, whenIdle } from "../shared/idle.js";
import { language, languageButton } from "../shared/language.js";
import { setUpFirst, showMyAccount } from "../shared/my_account.js";
import { Session } from "../shared/session.js";
import { signInForm } from "../shared/sign_in.js";
import { sharedWords } from "../shared/words.js";
import { Admin } from "./admin.js";
import { refused, words } from "./words.js";

/** @import { Clinic } from "./admin.js" */

const CLINIC = "yoyaku.admin.clinic";
/** The parts, each loaded when it is shown for the first time. */
const PARTS = {
  dashboard: async () => (await import("./dashboard.js")).dashboard,
  notices: async () => (await import("./notices.js")).notices,
  accounts: async () => (await import("./accounts.js")).accounts,
  doctors: async () => (await import("./doctors.js")).doctors,
  policies: async () => (await import("./policies.js")).policies,
  catalogue: async () => (await import("./catalogue.js")).catalogue,
  displays: async () => (await import("./displays.js")).displays,
  audit: async () => (await import("./audit.js")).audit,
};

const lang = language();
const t = words(lang);
const session = new Session("admin");
const root = part("admin");

/** @type {AbortController} what ends when another clinic is shown, or nobody */
let shown = new AbortController();

/** @param {string} why why it is needed, if that is not plain */
function signIn(why = "") {
  document.title = t.signInTitle;
  root.replaceChildren(make("main", { class: "narrow" }, make("h1", {}, t.signInTitle), why && make("p", { role: "status" }, why), signInForm(session, sharedWords(lang), () => enter(), languageButton(lang))));
  root.querySelector("input")?.focus();
}

/** Sign out, so that whoever comes next has to sign in. @param {string} why if that is not plain */
function lock(why = "") {
  shown.abort();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  session.signOut();
  signIn(why);
}

/** Show the clinic that was shown last, or the first one. */
async function enter() {
  const { account } = session;
  if (!account) return signIn();
  if (!account.roles.includes("ACCOUNT_ROLE_ADMIN")) return lock(t.notForYou);
  try {
    const clinics = /** @type {Clinic[]} */ (await session.all("/api/clinics", {}, "clinics"));
    const clinic = clinics.find(({ id }) => id === localStorage.getItem(CLINIC)) ?? clinics[0];
    if (!clinic) return signIn(t.noClinic);
    open(clinic, clinics);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.status === 401) return signIn(refused(lang, failure));
    if (failure.reason === "SECOND_FACTOR_MISSING") return root.replaceChildren(setUpFirst(session, lang, () => enter(), () => lock()));
    root.replaceChildren(make("main", { class: "narrow" }, make("p", { role: "alert" }, refused(lang, failure)), make("button", { type: "button", onclick: () => enter() }, t.tryAgain)));
  }
}

/** @param {Clinic} clinic @param {Clinic[]} clinics */
function open(clinic, clinics) {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const admin = new Admin(session, lang, clinic, clinics, (why) => signal.aborted || lock(why));
  signal.addEventListener("abort", () => admin.leave());
  whenIdle("admin", signal, () => lock(t.lockedIdle));
  const chooser = choice("clinic", clinics.map(({ id, name }) => ({ value: id, text: name })), clinic.id);
  chooser.addEventListener("change", () => (localStorage.setItem(CLINIC, chooser.value), enter()));
  const names = /** @type {(keyof typeof PARTS)[]} */ (Object.keys(PARTS));
  const links = names.map((name) => make("a", { href: `#${name}` }, t[name]));
  const main = make("main", { id: "part", tabindex: "-1" });
  const mine = make("button", { type: "button", onclick: () => showMyAccount(session, lang) }, sharedWords(lang).myAccount);
  const out = make("button", { type: "button", onclick: () => lock() }, sharedWords(lang).signOut);
  root.replaceChildren(
    make("div", { class: "shell" }, make("nav", { "aria-label": t.parts }, make("div", { class: "field" }, make("label", { for: "clinic" }, t.clinic), chooser), ...links, make("a", { href: "/desk" }, t.desk), mine, out), main),
    admin.bar,
  );
  const show = (/** @type {boolean} */ moved) => {
    const name = names.find((each) => `#${each}` === location.hash) ?? "dashboard";
    admin.leave();
    document.title = `${t[name]} · ${clinic.name}`;
    links.forEach((link, at) => (names[at] === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    // A part has a place of its own: what arrives after it was left is shown nowhere.
    const place = make("div", {});
    main.replaceChildren(place);
    admin.attempt(async () => (await PARTS[name]())(admin, place));
    if (!moved) return;
    main.focus();
    // On a phone the parts' names fill the screen.
    main.scrollIntoView();
  };
  addEventListener("hashchange", () => show(true), { signal });
  show(false);
}

document.documentElement.lang = lang;
// A page that a browser shows as it was may have been left, or signed out elsewhere.
addEventListener("pageshow", ({ persisted }) => persisted && (document.body.replaceChildren(), location.reload()));
if (session.account && wasLeft("admin")) lock(t.lockedIdle);
else enter();
