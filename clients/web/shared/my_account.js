/** What people do about their own account: its second factor, and where they are signed in. */

import { asFailure } from "./api.js";
import { ask, shown } from "./ask.js";
import { make } from "./elements.js";
import { codeOf, field } from "./form.js";
import { drawSessions } from "./own_sessions.js";
import { drawCode } from "./qr.js";
import { codeField } from "./sign_in.js";
import { refusal, sharedWords } from "./words.js";

/** @import { Language } from "./language.js" */
/** @import { Session } from "./session.js" */
/** @import { SharedWords } from "./words/en.js" */

const SVG = "http://www.w3.org/2000/svg";

/** Show one's own account in a dialog. @param {Session} session @param {Language} lang */
export function showMyAccount(session, lang) {
  const words = sharedWords(lang);
  const dialog = make("dialog", { "aria-label": words.myAccount });
  const close = make("button", { type: "button", onclick: () => dialog.close() }, words.close);
  dialog.append(make("h2", {}, words.myAccount), myAccount(session, lang), make("div", { class: "actions" }, close));
  return shown(dialog);
}

/** Have a second factor set up before anything else. @param {Session} session @param {Language} lang @param {() => void} done @param {() => void} signOut */
export function setUpFirst(session, lang, done, signOut) {
  const words = sharedWords(lang);
  return make(
    "main",
    { class: "narrow" },
    make("h1", {}, words.factor),
    make("p", { role: "status" }, words.factorNeeded),
    make("div", { class: "actions" }, make("button", { type: "button", class: "primary", onclick: () => setUp(session, lang, done) }, words.factorSetUp), make("button", { type: "button", onclick: signOut }, words.signOut)),
  );
}

/** The parts of one's own account. @param {Session} session @param {Language} lang */
export function myAccount(session, lang) {
  const factor = make("section", {});
  const sessions = make("section", {});
  drawFactor(session, lang, factor);
  drawSessions(session, lang, sessions, "h3");
  return make("div", {}, make("p", {}, make("bdi", {}, session.account?.email ?? "")), factor, sessions);
}

/** @param {Session} session @param {Language} lang @param {HTMLElement} root */
async function drawFactor(session, lang, root) {
  const words = sharedWords(lang);
  const heading = make("h3", {}, words.factor);
  const again = () => drawFactor(session, lang, root);
  const button = (/** @type {string} */ text, /** @type {() => unknown} */ onclick) => make("button", { type: "button", onclick }, text);
  try {
    const { confirm_time, recovery_codes_left } = await session.call("/api/auth/second-factor");
    if (!confirm_time) return root.replaceChildren(heading, make("p", {}, words.factorOff), make("div", { class: "actions" }, button(words.factorSetUp, () => setUp(session, lang, again))));
    const day = new Date(confirm_time).toLocaleDateString(lang, { dateStyle: "long" });
    const acts = make("div", { class: "actions" }, button(words.recoveryNew, () => renew(session, lang, again)), button(words.factorTurnOff, () => turnOff(session, lang, again)));
    root.replaceChildren(heading, make("p", {}, words.factorOn(day, recovery_codes_left)), acts);
  } catch (error) {
    root.replaceChildren(heading, make("p", { role: "alert" }, refusal(words, {}, asFailure(error))));
  }
}

/** @param {Session} session @param {Language} lang @param {() => void} done */
async function setUp(session, lang, done) {
  const words = sharedWords(lang);
  let made = { secret: "", uri: "" };
  const begun = await ask(
    lang,
    { title: words.factor, text: words.factorPasswordText, confirm: words.factorSetUp },
    async ({ "factor-password": password = "" }) => {
      if (!password) return [{ id: "factor-password", text: words.passwordMissing }];
      made = await session.call("/api/auth/second-factor:enrol", { method: "POST", body: { password } });
    },
    passwordField(words),
  );
  if (!begun) return;
  /** @type {string[]} */
  let codes = [];
  const sent = await ask(
    lang,
    { title: words.factor, text: words.factorSetUpText, confirm: words.factorConfirm },
    async ({ "factor-code": typed }) => {
      const code = codeOf(typed);
      if (!/^\d{6}$/.test(code)) return [{ id: "factor-code", text: words.factorCodeWrong }];
      codes = (await session.beginAnew("/api/auth/second-factor:confirm", { code })).recovery_codes;
    },
    picture(words.factorPicture, made.uri),
    field(words.factorKey, { id: "factor-key", value: made.secret, readonly: true }),
    codeField(words, words.factorAppHint),
  );
  if (!sent) return;
  await showCodes(lang, codes);
  done();
}

/** @param {Session} session @param {Language} lang @param {() => void} done */
async function renew(session, lang, done) {
  const words = sharedWords(lang);
  /** @type {string[]} */
  let codes = [];
  const question = { title: words.recoveryNew, text: words.recoveryNewText, confirm: words.recoveryNew };
  const sent = await ask(
    lang,
    question,
    async ({ "factor-code": typed }) => {
      const code = codeOf(typed);
      if (code.length < 6) return [{ id: "factor-code", text: words.factorCodeMissing }];
      codes = (await session.call("/api/auth/second-factor:renewRecoveryCodes", { method: "POST", body: { code } })).recovery_codes;
    },
    codeField(words, words.factorCodeHint),
  );
  if (!sent) return;
  await showCodes(lang, codes);
  done();
}

/** @param {Session} session @param {Language} lang @param {() => void} done */
async function turnOff(session, lang, done) {
  const words = sharedWords(lang);
  const question = { title: words.factorTurnOff, text: words.factorTurnOffText, confirm: words.factorTurnOff, danger: true };
  const sent = await ask(
    lang,
    question,
    async ({ "factor-password": password = "", "factor-code": typed }) => {
      const code = codeOf(typed);
      const wrong = [];
      if (!password) wrong.push({ id: "factor-password", text: words.passwordMissing });
      if (code.length < 6) wrong.push({ id: "factor-code", text: words.factorCodeMissing });
      if (wrong.length) return wrong;
      await session.beginAnew("/api/auth/second-factor:remove", { password, code });
    },
    passwordField(words),
    codeField(words, words.factorCodeHint),
  );
  if (sent) done();
}

/** A field for the present password. @param {SharedWords} words */
function passwordField(words) {
  return field(words.password, { id: "factor-password", type: "password", autocomplete: "current-password" });
}

/** Show recovery codes, once. @param {Language} lang @param {string[]} codes */
function showCodes(lang, codes) {
  const words = sharedWords(lang);
  const list = make("ul", { class: "codes" }, ...codes.map((code) => make("li", {}, make("code", {}, code))));
  return ask(lang, { title: words.recoveryCodes, text: words.recoveryText }, () => {}, list);
}

/** A QR code; nothing for an address that is too long for one. @param {string} label @param {string} uri */
function picture(label, uri) {
  const svg = document.createElementNS(SVG, "svg");
  svg.append(document.createElementNS(SVG, "path"));
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("class", "qr");
  try {
    drawCode(svg, uri);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return svg;
}
