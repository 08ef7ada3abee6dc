/** Signs in, finds out which clinic the desk is of, and opens its day. Locks the desk when nobody uses it. */

import { asFailure } from "../shared/api.js";
import { make, part } from "../shared/elements.js";
import { wasLeft, whenIdle } from "../shared/idle.js";
import { language, languageButton } from "../shared/language.js";
import { setUpFirst } from "../shared/my_account.js";
import { Session } from "../shared/session.js";
import { signInForm } from "../shared/sign_in.js";
import { WallClock } from "../shared/wall_clock.js";
import { sharedWords } from "../shared/words.js";
import { choice } from "../shared/ask.js";
import { Desk } from "./desk.js";
import { listen } from "./keys.js";
import { printAsTables } from "./view/print.js";
import { refused, words } from "./words.js";

/** @import { Account } from "../shared/session.js" */
/** @import { Clinic } from "./desk.js" */

const CLINIC = "yoyaku.desk.clinic";
const TICK_MS = 10_000;

const lang = language();
const t = words(lang);
const session = new Session("desk");
const root = part("desk");
/** @type {AbortController} what ends when the desk is locked */
let open = new AbortController();

/** Show the form that signs in; `locked` says why it is there. @param {string} locked */
function signIn(locked = "") {
  const body = signInForm(session, sharedWords(lang), () => enter(), languageButton(lang));
  const title = locked ? t.lockTitle : t.signInTitle;
  document.title = title;
  root.replaceChildren(make("main", { class: "narrow sign-in" }, make("h1", {}, title), locked && make("p", { role: "status" }, locked), body));
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
    if (!ownDoctorId && !staff) return refuse(t.notForYou);
    const clinics = ownDoctorId ? [(await session.call(`/api/doctors/${ownDoctorId}`)).doctor.clinic] : await clinicsOf(account);
    const clinic = clinics.find((each) => each.id === localStorage.getItem(CLINIC)) ?? clinics[0];
    if (!clinic) return refuse(t.noClinic);
    await show(clinic, clinics, ownDoctorId);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.status === 401) return signIn(refused(lang, failure));
    if (failure.reason === "SECOND_FACTOR_MISSING") return root.replaceChildren(setUpFirst(session, lang, () => enter(), () => refuse("")));
    root.replaceChildren(make("main", { class: "narrow" }, make("p", { role: "alert" }, refused(lang, failure)), make("button", { onclick: () => enter() }, t.tryAgain)));
  }
}

/** @param {Clinic} clinic @param {Clinic[]} clinics @param {string} ownDoctorId */
async function show(clinic, clinics, ownDoctorId) {
  const doctors = (await session.all("/api/doctors", { clinic_id: clinic.id }, "doctors")).filter((doctor) => !ownDoctorId || doctor.id === ownDoctorId);
  open.abort();
  open = new AbortController();
  const chooser = clinics.length > 1 ? choice("clinic", clinics.map(({ id, name }) => ({ value: id, text: name })), clinic.id) : null;
  chooser?.setAttribute("aria-label", t.clinic);
  chooser?.addEventListener("change", () => (localStorage.setItem(CLINIC, chooser.value), enter()));
  const desk = new Desk({ session, lang, clinic, doctors, wall: new WallClock(lang, clinic.time_zone), ownDoctorId, chooser, lock: () => lock(t.lockText) }, root);
  open.signal.addEventListener("abort", () => desk.live?.stop());
  const ticking = setInterval(() => desk.draw(), TICK_MS);
  open.signal.addEventListener("abort", () => clearInterval(ticking));
  listen(desk, open.signal);
  printAsTables(desk, open.signal);
  whenIdle("desk", open.signal, () => lock(t.lockedIdle));
  await desk.goTo(desk.today);
}

/** @param {Account} account @returns {Promise<Clinic[]>} */
async function clinicsOf(account) {
  const found = await session.all("/api/clinics", {}, "clinics");
  return account.all_clinics ? found : found.filter((clinic) => account.clinic_ids.includes(clinic.id));
}

/** @param {string} why */
function refuse(why) {
  session.signOut();
  signIn(why);
}

document.documentElement.lang = lang;
if (session.account && wasLeft("desk")) lock(t.lockedIdle);
else enter();
