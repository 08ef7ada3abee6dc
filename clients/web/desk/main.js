/** Signs in, finds out which clinic the desk is of, and opens its day: the form and the day are loaded when they are needed. */

import { asFailure } from "../shared/api.js";
import { make, part } from "../shared/elements.js";
import { wasLeft } from "../shared/idle.js";
import { language, languageButton } from "../shared/language.js";
import { Session } from "../shared/session.js";
import { sharedWords } from "../shared/words.js";
import { refused, WORDS as t } from "./words.js";

/** @import { Account } from "../shared/session.js" */
/** @import { Clinic } from "./desk.js" */

const CLINIC = "yoyaku.desk.clinic";

const lang = language();
const session = new Session("desk");
const root = part("desk");
/** @type {AbortController} what ends when the desk is locked */
let open = new AbortController();

/** Show the form that signs in; `locked` says why it is there. @param {string} locked */
async function signIn(locked = "") {
  const title = locked ? t.lockTitle : t.signInTitle;
  document.title = title;
  const main = make("main", { class: "narrow sign-in" }, make("h1", {}, title), locked && make("p", { role: "status" }, locked));
  root.replaceChildren(main);
  const { signInForm } = await import("../shared/sign_in.js");
  const body = signInForm(session, sharedWords(lang), () => enter(), languageButton(lang));
  main.append(body);
  body.querySelector("input")?.focus();
}

/** Sign out, so that whoever comes next has to sign in. @param {string} why */
async function lock(why) {
  open.abort();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  signIn(why);
  await session.signOut();
}

/** Open the day of the account's clinic. */
async function enter() {
  const { account } = session;
  if (!account) return signIn();
  try {
    const ownDoctorId = account.doctor_id;
    const staff = account.roles.includes("ACCOUNT_ROLE_STAFF");
    if (!ownDoctorId && !staff) return lock(t.notForYou);
    const clinics = ownDoctorId ? [(await session.call(`/api/doctors/${ownDoctorId}`)).doctor.clinic] : await clinicsOf(account);
    const clinic = clinics.find((each) => each.id === localStorage.getItem(CLINIC)) ?? clinics[0];
    if (!clinic) return lock(t.noClinic);
    const doctors = (await session.all("/api/doctors", { clinic_id: clinic.id }, "doctors")).filter((doctor) => !ownDoctorId || doctor.id === ownDoctorId);
    const { openDay } = await import("./open.js");
    open.abort();
    open = new AbortController();
    const change = (/** @type {string} */ id) => (localStorage.setItem(CLINIC, id), enter());
    await openDay({ session, lang, clinic, doctors, ownDoctorId, lock }, { clinics, change }, root, open.signal);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.status === 401) return signIn(refused(failure));
    if (failure.reason === "SECOND_FACTOR_MISSING") {
      const { setUpFirst } = await import("../shared/my_account.js");
      return root.replaceChildren(setUpFirst(session, lang, () => enter(), () => lock("")));
    }
    root.replaceChildren(make("main", { class: "narrow" }, make("p", { role: "alert" }, refused(failure)), make("button", { onclick: () => enter() }, t.tryAgain)));
  }
}

/** @param {Account} account @returns {Promise<Clinic[]>} */
async function clinicsOf(account) {
  const found = await session.all("/api/clinics", {}, "clinics");
  return account.all_clinics ? found : found.filter((clinic) => account.clinic_ids.includes(clinic.id));
}

document.documentElement.lang = lang;
// A page that a browser shows as it was may have been left, or signed out elsewhere.
addEventListener("pageshow", ({ persisted }) => persisted && (document.body.replaceChildren(), location.reload()));
if (session.account && wasLeft("desk")) lock(t.lockedIdle);
else enter();
