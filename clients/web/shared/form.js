/** Forms: a label, a hint and an error for each field, and a summary of the errors on top. */

import { make } from "./elements.js";

/** @import { Attribute, Child } from "./elements.js" */
/** @typedef {{id: string, text: string}} Wrong what is wrong with the field of this id; an empty id: with none of them */

/**
 * A field with its label.
 * @param {string} label
 * @param {Record<string, Attribute> & {id: string}} attributes of the input
 * @param {{hint?: string, control?: HTMLElement}} options `control` in place of an input; it must have the same id
 */
export function field(label, attributes, { hint, control } = {}) {
  const { id } = attributes;
  const input = control ?? make("input", { name: id, ...attributes });
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return make(
    "div",
    { class: "field" },
    make("label", { for: id }, label),
    hint && make("p", { class: "hint", id: `${id}-hint` }, hint),
    input,
  );
}

/**
 * A form that says at the top and beside each field what is wrong, and moves the focus there. While it is being sent
 * it cannot be sent again.
 * @param {string} heading of the summary of errors
 * @param {(values: Record<string, string>) => Promise<Wrong[] | void> | Wrong[] | void} send gives what is wrong
 * @param {...Child} children
 */
export function form(heading, send, ...children) {
  let sending = false;
  const element = make("form", { novalidate: true }, ...children);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    element.setAttribute("aria-busy", "true");
    try {
      showWrong(element, heading, (await send(valuesOf(element))) ?? []);
    } finally {
      sending = false;
      element.removeAttribute("aria-busy");
    }
  });
  return element;
}

/** What was entered, without spaces around it unless it is a password. @param {HTMLFormElement} form @returns {Record<string, string>} */
function valuesOf(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, /password/.test(name) ? value : String(value).trim()]);
  return Object.fromEntries(entries);
}

/** A code, however it was typed: in full width, with spaces or dashes. @param {string} [typed] */
export function codeOf(typed = "") {
  return typed.normalize("NFKC").replace(/[\W_]/g, "");
}

/**
 * Show what is wrong with a form, instead of what was wrong before.
 * @param {HTMLFormElement} form
 * @param {string} heading
 * @param {Wrong[]} wrong
 */
export function showWrong(form, heading, wrong) {
  for (const old of form.querySelectorAll(".error-text, .error-summary")) old.remove();
  for (const old of form.querySelectorAll(".wrong")) old.classList.remove("wrong");
  for (const old of form.querySelectorAll("[aria-invalid]")) clear(old);
  if (!wrong.length) return;
  for (const each of wrong) mark(form, each);
  const items = wrong.map(({ id, text }) => make("li", {}, id ? make("a", { href: `#${id}`, onclick: go }, text) : text));
  const only = items.length === 1 && !wrong[0]?.id;
  const summary = make(
    "div",
    { class: "message error error-summary", role: "alert", tabindex: "-1" },
    make("h2", {}, heading),
    only ? make("p", {}, wrong[0]?.text) : make("ul", {}, ...items),
  );
  form.prepend(summary);
  summary.focus();
  summary.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLFormElement} form @param {Wrong} wrong */
function mark(form, { id, text }) {
  const input = id ? form.querySelector(`#${CSS.escape(id)}`) : null;
  if (!input) return;
  const error = make("p", { class: "error-text", id: `${id}-error` }, text);
  const field = input.closest(".field");
  field?.classList.add("wrong");
  (input.closest(".field > *:not(label, p)") ?? input).before(error);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [`${id}-error`, input.getAttribute("aria-describedby")].filter(Boolean).join(" "));
}

/** @param {Element} input */
function clear(input) {
  input.removeAttribute("aria-invalid");
  const hint = input.getAttribute("aria-describedby")?.split(" ").find((each) => each.endsWith("-hint"));
  if (hint) input.setAttribute("aria-describedby", hint);
  else input.removeAttribute("aria-describedby");
}

/** Go to a field without a change of the address. @param {Event} event */
function go(event) {
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  document.getElementById(link.hash.slice(1))?.focus();
}
