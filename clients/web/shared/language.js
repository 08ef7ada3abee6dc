/** Which language a page speaks. */

import { make } from "./elements.js";

const KEY = "yoyaku.language";

/** @typedef {"en" | "ja"} Language */

/** The language asked for in the address, else the one chosen before, else the browser's, else English. @returns {Language} */
export function language() {
  const asked = new URLSearchParams(location.search).get("lang") ?? stored() ?? navigator.language;
  return asked.toLowerCase().startsWith("ja") ? "ja" : "en";
}

/** Use a language from now on, on every page, and reload this one. @param {Language} lang */
export function choose(lang) {
  localStorage.setItem(KEY, lang);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  if (address.href === location.href) location.reload();
  else location.replace(address);
}

/** A button that changes to the other language. @param {Language} lang the one that the page speaks */
export function languageButton(lang) {
  const other = lang === "ja" ? "en" : "ja";
  return make("button", { type: "button", class: "plain", lang: other, onclick: () => choose(other) }, other === "ja" ? "日本語" : "English");
}

/** The chosen language; null where a browser stores nothing. */
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
