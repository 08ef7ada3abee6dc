/** The patients' page: signs in, and shows the view that the address names. */

import { asFailure } from "../shared/api.js";
import { make, part } from "../shared/elements.js";
import { language } from "../shared/language.js";
import { Session } from "../shared/session.js";
import { refusal, sharedWords } from "../shared/words.js";
import { Directory } from "./find/directory.js";
import { lastReturn } from "./booking/holds.js";
import { drawFrame, forget, showPhones, SIGNED_OUT } from "./frame.js";
import { noLonger } from "./people/no_longer.js";
import { People } from "./people/people.js";
import { signInAgain, signInView, storageWorks } from "./sign_in/sign_in_view.js";
import { forVisitors, loadAllViews, loadView } from "./views.js";

/** @import { Page } from "./page.js" */
/** @import { Person } from "./people/people.js" */

const lang = language();
const text = lang === "ja" ? (await import("./words/ja.js")).JA : (await import("./words/en.js")).EN;
const shared = { ...sharedWords(lang), fault: text.fault };
const session = new Session("patient");
/** The account of who entered what the tab keeps, which outlives a reload and the end of a session. */
const OWNER = "yoyaku.patient.owner";
let shown = new AbortController();
/** Who looks at the page, even after the session has ended. */
let person = session.account;

/** @type {Page} */
const page = {
  lang,
  text,
  shared,
  session,
  directory: directory(),
  people: people(),
  call,
  signedIn,
  say: (error) => refusal(shared, text.refusals, asFailure(error)),
  go,
  done: (name, query) => location.replace(address(name, query)),
  callable: (...clinics) => showPhones(page, clinics),
};

/** Make a call. If it was refused, or needed a new token, perhaps somebody is no longer acted for. @type {Page["call"]} */
async function call(path, options) {
  const before = session.endsAt;
  let refused = false;
  try {
    return await signedIn(() => session.call(path, options));
  } catch (error) {
    refused = [403, 404].includes(asFailure(error).status);
    throw error;
  } finally {
    if (refused || session.endsAt !== before) await page.people.check().catch(() => {});
  }
}

/** Say that one acts no longer for somebody, in place of a view that may be theirs. @param {Person[]} lost */
function tellLost(lost) {
  shown.abort();
  // So that every entry of the menu leads on, and a reload to the first view.
  history.replaceState(null, "", "#/ended");
  drawFrame(page, "ended", leave);
  put(noLonger(page, lost));
  arrive();
}

/** Do what needs a session; who is signed out meanwhile signs in over the page, and it is done then. @template Answer @param {() => Promise<Answer>} work @returns {Promise<Answer>} */
async function signedIn(work) {
  const before = session.account ?? person;
  try {
    return await work();
  } catch (error) {
    // Who has not signed in yet does so in place of the view.
    if (asFailure(error).status !== 401 || !before) throw error;
    if ((session.account?.id ?? before.id) === before.id) await signInAgain(page, before.email);
    // Somebody else's view must not show through.
    if (session.account?.id !== before.id) await elsewhere();
    return work();
  }
}

/** Whether the tab keeps what somebody else entered. What was entered before a sign-in belongs to who signs in. */
function isAnothers() {
  const id = session.account?.id;
  if (!id) return false;
  const owner = sessionStorage.getItem(OWNER) ?? id;
  sessionStorage.setItem(OWNER, id);
  return owner !== id;
}

/** Sign out, and give back what is kept. */
function leave() {
  const signedOut = session.signOut(lastReturn());
  forget();
  elsewhere(signedOut);
}

/** Begin anew, whatever waits: of who was here nothing is shown, and nothing is asked of them or done for them any more. @param {Promise<void>} [ready] before which the page stays @returns {Promise<never>} */
function elsewhere(ready) {
  shown.abort();
  session.leave();
  person = null;
  sessionStorage.clear();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  document.title = text.brand;
  part("news").textContent = "";
  drawFrame(page, "", leave);
  put(session.account ? [] : [make("h1", { tabindex: "-1" }, text.signedOut), make("p", {}, navigator.onLine ? "" : text.signedOutOffline)]);
  // Where somebody goes before that, as to sign in, stays.
  history.replaceState(null, "", `/${location.search}`);
  const begin = () => location.reload();
  // Without a network the browser would show an error of its own.
  if (!navigator.onLine) addEventListener("online", begin, { once: true });
  else if (ready) ready.finally(begin);
  else begin();
  return new Promise(() => {});
}

/** What there is to choose from, for who looks now. */
function directory() {
  return new Directory((path) => page.call(path));
}

/** Whom who looks now acts for. */
function people() {
  return new People(session, (path) => signedIn(() => session.call(path)), () => signedIn(() => session.renew()), tellLost);
}

/** Go to a view. @param {string} name @param {Record<string, string>} query */
function go(name, query = {}) {
  const hash = address(name, query);
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** @param {string} name @param {Record<string, string>} query */
function address(name, query = {}) {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/${name}${given && `?${given}`}`;
}

async function show() {
  if (isAnothers()) return elsewhere();
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const [name = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  // A visitor's choice is smaller than a patient's.
  if (person?.id !== session.account?.id) Object.assign(page, { directory: directory(), people: people() });
  person = session.account;
  drawFrame(page, name, leave);
  const waiting = setTimeout(() => signal.aborted || put([make("p", { class: "muted", role: "status" }, text.loading)]), 300);
  try {
    const content = await viewed(name, new URLSearchParams(query), signal);
    if (!signal.aborted) put(content);
  } catch (error) {
    if (signal.aborted) return;
    put(broken(error));
  } finally {
    clearTimeout(waiting);
  }
  if (!signal.aborted) arrive();
  // For who loses the network later.
  setTimeout(loadAllViews, 500);
}

/** The content of a view, or what signs a visitor in on the way to it. @param {string} name @param {URLSearchParams} query @param {AbortSignal} signal */
async function viewed(name, query, signal) {
  if (session.account || forVisitors(name)) {
    try {
      return await (await loadView(name))(page, query, signal, show);
    } catch (error) {
      if (session.account || person || asFailure(error).status !== 401) throw error;
    }
  }
  return signInView(page, query, signal, show);
}

/** @param {Node[]} content */
function put(content) {
  part("main").replaceChildren(...content);
}

/** A view that could not be drawn, and the way out. @param {unknown} error */
function broken(error) {
  return [
    make("h1", { tabindex: "-1" }, text.failed),
    make("p", { class: "message error", role: "alert" }, page.say(error)),
    make("div", { class: "actions" }, make("button", { class: "primary", onclick: show }, text.tryAgain)),
  ];
}

/** Begin at the top of the new view, as after the load of a page. */
function arrive() {
  const heading = part("main").querySelector("h1");
  document.title = `${heading?.textContent ?? ""} – ${text.brand}`;
  scrollTo(0, 0);
  if (!first) /** @type {HTMLElement | null} */ (part("main").querySelector("[autofocus]") ?? heading)?.focus();
  first = false;
}
let first = true;

document.documentElement.lang = lang;
if (storageWorks()) {
  addEventListener("hashchange", show);
  // In another tab the person has signed out, or somebody else has signed in.
  // A page that the browser has kept while another one was shown is as it was: somebody may have signed out meanwhile.
  addEventListener("pageshow", ({ persisted }) => persisted && session.account?.id !== person?.id && elsewhere());
  addEventListener("storage", ({ key }) => (key === SIGNED_OUT || isAnothers()) && elsewhere());
  show();
} else {
  put([make("h1", {}, text.failed), make("p", { class: "message error" }, text.storageBlocked)]);
}
