/** Questions in a dialog, which keeps what was entered when the server refuses. */

import { asFailure } from "../shared/api.js";
import { make } from "../shared/elements.js";
import { form } from "../shared/form.js";
import { sharedWords } from "../shared/words.js";
import { refused, words } from "./words.js";

/** @import { Child } from "../shared/elements.js" */
/** @import { Language } from "../shared/language.js" */
/** @import { Wrong } from "../shared/form.js" */
/** @typedef {{title: string, text?: string, confirm?: string, danger?: boolean, wide?: boolean}} Question */

let asked = 0;

/**
 * Ask, and send the answer. A Failure of `send` is told in the dialog, which stays open. Resolves once the dialog is
 * closed: true if the answer was sent.
 * @param {Language} lang
 * @param {Question} question without `confirm` there is nothing to send
 * @param {(values: Record<string, string>) => Promise<Wrong[] | void> | Wrong[] | void} send
 * @param {...Child} children
 * @returns {Promise<boolean>}
 */
export function ask(lang, { title, text, confirm, danger, wide }, send, ...children) {
  const id = `question-${++asked}`;
  const dialog = make("dialog", { "aria-labelledby": id, class: wide ? "wide" : "" });
  let sent = false;
  const close = make("button", { type: "button", onclick: () => dialog.close() }, confirm ? words(lang).back : words(lang).close);
  const submit = confirm && make("button", { class: danger ? "danger" : "primary" }, confirm);
  const body = form(
    sharedWords(lang).problem,
    async (values) => {
      try {
        const wrong = await send(values);
        if (wrong?.length) return wrong;
      } catch (error) {
        return [{ id: "", text: refused(lang, asFailure(error)) }];
      }
      sent = true;
      dialog.close();
    },
    ...children,
    make("div", { class: "actions" }, submit, close),
  );
  dialog.append(make("h2", { id }, title), text ? make("p", {}, text) : "", body);
  return shown(dialog).then(() => sent);
}

/** Show a dialog until it is closed; the focus then returns to where it was. @param {HTMLDialogElement} dialog */
export function shown(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      // What had the focus may be gone, or have another place in the day now.
      const to = before?.closest("aside, header") && before.isConnected ? before : document.querySelector('.block[tabindex="0"]');
      if (to instanceof HTMLElement) to.focus();
      resolve(undefined);
    });
  });
}

/** A text of several lines with its label. @param {string} id @param {string} value */
export function area(id, value = "") {
  const element = make("textarea", { id, name: id, rows: 3, maxlength: 500 });
  element.value = value;
  return element;
}

/** A list to choose from. @param {string} id @param {{value: string, text: string}[]} options @param {string} value */
export function choice(id, options, value = "") {
  return make("select", { id, name: id }, ...options.map((each) => make("option", { value: each.value, selected: each.value === value }, each.text)));
}
