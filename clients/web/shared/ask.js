/** Questions in a dialog, which keeps what was entered when the server refuses. */

import { asFailure } from "./api.js";
import { make } from "./elements.js";
import { form } from "./form.js";
import { refusal, sharedWords } from "./words.js";

/** @import { Child } from "./elements.js" */
/** @import { Language } from "./language.js" */
/** @import { Wrong } from "./form.js" */
/** @import { Failure } from "./api.js" */
/**
 * @typedef {{title: string, text?: string, confirm?: string, danger?: boolean, wide?: boolean, other?: HTMLElement, refused?: (failure: Failure) => string}} Question
 *   without `confirm` there is nothing to send; `other` stands in place of the button that leads back; `refused` says what to tell
 *   of a refusal
 */

let asked = 0;

/**
 * Ask, and send the answer. A Failure of `send` is shown in the dialog, which stays open. Resolves once the dialog is
 * closed: true if the answer was sent.
 * @param {Language} lang
 * @param {Question} question
 * @param {(values: Record<string, string>) => Promise<Wrong[] | void> | Wrong[] | void} send
 * @param {...Child} children
 * @returns {Promise<boolean>}
 */
export function ask(lang, { title, text, confirm, danger, wide, other, refused }, send, ...children) {
  const shared = sharedWords(lang);
  const describe = refused ?? ((failure) => refusal(shared, {}, failure));
  const id = `question-${++asked}`;
  const dialog = make("dialog", { "aria-labelledby": id, class: wide ? "wide" : "" });
  let sent = false;
  const close = make("button", { type: "button", onclick: () => dialog.close() }, confirm ? shared.back : shared.close);
  const submit = confirm && make("button", { class: danger ? "danger" : "primary" }, confirm);
  const body = form(
    shared.problem,
    async (values) => {
      try {
        const wrong = await send(values);
        if (wrong?.length) return wrong;
      } catch (error) {
        return [{ id: "", text: describe(asFailure(error)) }];
      }
      sent = true;
      dialog.close();
    },
    ...children,
    make("div", { class: "actions" }, submit, other ?? close),
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
      resolve(undefined);
      // The browser gives the focus back at once, and tells of the end later: whoever has gone elsewhere meanwhile stays there.
      if (document.activeElement !== document.body) return;
      // What had the focus may be gone: then it goes to what stands in its place.
      const to = before?.isConnected ? before : document.querySelector('main [tabindex="0"]');
      if (to instanceof HTMLElement) to.focus();
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
