/**
 * A field that offers what matches while one types: arrow keys choose, Enter takes, Esc closes. Enter takes nothing until
 * there is an answer for what was typed: what is still shown matches an earlier text.
 */

import { asFailure } from "./api.js";
import { make } from "./elements.js";
import { refusal, sharedWords } from "./words.js";

/** @import { Language } from "./language.js" */
/**
 * @template Value
 * @typedef {{name: string, detail: string, mark?: string, value: Value}} Option `mark` says what is special about it
 */

/** How long after the last key the server is asked. */
const PAUSE_MS = 200;
let made = 0;

/** @template Value */
export class Picker {
  #id = `picker-${++made}`;
  #lang;
  #find;
  #choose;
  /** @type {Option<Value>[]} */
  #options = [];
  #active = -1;
  #turn = 0;
  #timer = 0;
  /** Whether what is shown is for an earlier text. */
  #late = false;
  #list = make("ul", { role: "listbox", id: `${this.#id}-list`, hidden: true });
  #state = make("p", { class: "picker-state", role: "status" });

  /**
   * @param {Language} lang
   * @param {string} label
   * @param {string} hint
   * @param {(text: string, take: (options: Option<Value>[]) => void) => Promise<Option<Value>[]>} find `take` shows what is known at once
   * @param {(value: Value, input: HTMLInputElement) => void} choose
   */
  constructor(lang, label, hint, find, choose) {
    this.#lang = lang;
    this.#find = find;
    this.#choose = choose;
    this.#list.setAttribute("aria-label", label);
    this.input = make("input", {
      id: this.#id, type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: 200, placeholder: hint,
      "aria-expanded": "false", "aria-controls": `${this.#id}-list`, "aria-autocomplete": "list",
      oninput: () => this.#typed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event), onblur: () => this.#show(false),
      onfocus: () => this.#show(this.#options.length > 0),
    });
    this.element = make("div", { class: "picker" }, make("label", { for: this.#id }, label), this.input, this.#list, this.#state);
  }

  clear() {
    this.input.value = "";
    this.#take([]);
    this.#state.textContent = "";
  }

  #typed() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    this.#late = true;
    const text = this.input.value.trim();
    if (!text) return this.clear();
    this.#timer = setTimeout(() => this.#ask(text, turn), PAUSE_MS);
  }

  /** @param {string} text @param {number} turn */
  async #ask(text, turn) {
    const t = sharedWords(this.#lang);
    const now = (/** @type {Option<Value>[]} */ options) => turn === this.#turn && this.#take(options);
    try {
      const options = await this.#find(text, now);
      now(options);
      if (turn === this.#turn) this.#state.textContent = options.length ? t.found(options.length) : t.nobodyFound;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (this.#late) this.#take([]);
      this.#state.textContent = refusal(t, {}, asFailure(error));
    }
  }

  /** @param {Option<Value>[]} options */
  #take(options) {
    // What somebody has gone to stays chosen when more is found for the same text.
    const held = this.#late ? null : this.#options[this.#active];
    this.#late = false;
    this.#options = options;
    this.#list.replaceChildren(
      ...options.map(({ name, detail, mark }, at) =>
        make(
          "li",
          { role: "option", id: `${this.#id}-${at}`, "aria-selected": "false", onmousedown: (/** @type {Event} */ event) => (event.preventDefault(), this.#pick(at)) },
          make("bdi", {}, name),
          make("small", {}, detail),
          mark && make("em", {}, mark),
        ),
      ),
    );
    this.#point(Math.max(options.length ? 0 : -1, options.findIndex(({ name, detail }) => name === held?.name && detail === held.detail)));
    this.#show(options.length > 0);
  }

  /** @param {number} at */
  #point(at) {
    this.#active = at;
    [...this.#list.children].forEach((each, index) => each.setAttribute("aria-selected", String(index === at)));
    const option = this.#list.children[at];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @param {boolean} open */
  #show(open) {
    this.#list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  /** @param {number} at */
  #pick(at) {
    const option = this.#options[at];
    if (!option) return;
    this.#show(false);
    this.#choose(option.value, this.input);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter also ends the composition of Japanese text: then it chooses nobody.
    if (event.isComposing) return;
    const open = !this.#list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.#show(this.#options.length > 0);
      const number = this.#options.length;
      if (number) this.#point((this.#active + (event.key === "ArrowDown" ? 1 : -1) + number) % number);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && !this.#late) this.#pick(this.#active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.#show(false);
    }
  }
}
