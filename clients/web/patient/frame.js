/** What stands around every view: the menu, the language, the way out, and whom to call. */

import { make, part, written } from "../shared/elements.js";
import { languageButton } from "../shared/language.js";
import { forgetKept } from "./booking/draft.js";

/** @import { Clinic, Page } from "./page.js" */

/** Whom to call, kept so that it is there when nobody can sign in. */
const KEY = "yoyaku.patient.phones";
const MOST_PHONES = 3;
/** When somebody signed out last, for other tabs: what they show is not for who comes next. */
export const SIGNED_OUT = "yoyaku.patient.signed_out";

/** @param {Page} page @param {string} name of the view @param {() => void} leave signs out */
export function drawFrame(page, name, leave) {
  const { text, session, lang } = page;
  part("skip").textContent = text.skip;
  part("skip").onclick = skip;
  part("brand").textContent = text.brand;
  const menu = session.account ? links(page, name) : [];
  part("menu").replaceChildren(...menu);
  part("menu").setAttribute("aria-label", text.menu);
  part("menu").hidden = !menu.length;
  const leaveOrEnter = session.account
    ? make("button", { class: "plain", onclick: leave }, text.signOut)
    : make("a", { class: "button plain", href: "#/appointments" }, text.signIn);
  part("tools").replaceChildren(languageButton(lang), leaveOrEnter);
  drawPhones(page);
}

/** Go to the content; the address names a view, so it stays. @param {Event} event */
function skip(event) {
  event.preventDefault();
  part("main").focus();
}

/** @param {Page} page @param {string} name */
function links({ text }, name) {
  const entries = [
    ["", text.navFind],
    ["appointments", text.navAppointments],
    ["records", text.navRecords],
    ["profile", text.navProfile],
  ];
  return entries.map(([view, label]) => make("a", { href: `#/${view}`, "aria-current": view === name && "page" }, label));
}

/** Show the telephones of these clinics from now on. @param {Page} page @param {Clinic[]} clinics */
export function showPhones(page, clinics) {
  const known = clinics.filter((each) => each.phone).slice(0, MOST_PHONES);
  if (!known.length) return;
  localStorage.setItem(KEY, JSON.stringify(known.map(({ name, phone }) => ({ name, phone }))));
  drawPhones(page);
}

/** @param {Page} page */
function drawPhones({ text }) {
  const clinics = remembered();
  part("phones").hidden = !clinics.length;
  const entries = clinics.map(({ name, phone }) => make("span", {}, written(name), " ", phoneLink(phone)));
  part("phones").replaceChildren(make("span", {}, text.callUs), ...entries);
}

/** A telephone number to tap. @param {string} phone */
export function phoneLink(phone) {
  return make("a", { href: `tel:${phone.replace(/;ext=/, ",")}`, class: "phone" }, phone.replace(/;ext=/, " ext. "));
}

/** Forget the clinics of who signs out and what tabs keep, and tell other tabs. */
export function forget() {
  localStorage.removeItem(KEY);
  forgetKept();
  localStorage.setItem(SIGNED_OUT, String(Date.now()));
}

/** @returns {{name: string, phone: string}[]} */
function remembered() {
  return JSON.parse(localStorage.getItem(KEY) ?? "[]");
}
