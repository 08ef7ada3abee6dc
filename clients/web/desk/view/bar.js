/** The bar at the bottom: what was done last, how to take it back, and what goes wrong. It stays until the next act. */

import { make } from "../../shared/elements.js";

/** @import { Ticket } from "../day/day.js" */
/** @import { Words } from "../words.js" */
/** @typedef {{undo?: (() => Promise<boolean>) | undefined, ticket?: Ticket | null}} After how to take an act back, and the ticket to print */

export class Bar {
  #words;
  #text = make("p", { role: "status" });
  #alert = make("p", { role: "alert" });
  #printed = make("span", {});
  #undo;
  #button;
  #print;
  /** @type {After} */
  #after = {};

  /** @param {Words} words @param {() => void} undo @param {(ticket: Ticket) => void} print */
  constructor(words, undo, print) {
    this.#words = words;
    this.#undo = make("button", { type: "button", hidden: true, onclick: undo }, words.commands.undo, make("kbd", { "aria-hidden": "true" }, "Z"));
    this.#print = print;
    this.#button = make("button", { type: "button", hidden: true, onclick: () => this.printTicket() }, `${words.commands.printTicket} `, this.#printed, make("kbd", { "aria-hidden": "true" }, "P"));
    this.element = make("footer", { class: "bar" }, this.#alert, this.#text, this.#button, this.#undo);
  }

  /** The last ticket, if the last act gave one. */
  get ticket() {
    return this.#after.ticket ?? null;
  }

  /** Print the ticket of the last act. */
  printTicket() {
    if (this.#after.ticket) this.#print(this.#after.ticket);
  }

  /** Say what was done. @param {string} text @param {After} after */
  say(text, after = {}) {
    this.#after = after;
    this.#show(text, "");
  }

  /** Say what was refused; what was done before can still be taken back. @param {string} text */
  refuse(text) {
    this.#show("", text);
  }

  /** Take back what was done last; false if that is not possible. */
  async takeBack() {
    const { undo } = this.#after;
    if (!undo) return this.refuse(this.#words.said.nothingToUndo);
    this.#after = {};
    if (await undo()) this.say(this.#words.said.undone);
  }

  /** @param {string} text @param {string} alert */
  #show(text, alert) {
    // Emptied first, so that the same sentence is read out again.
    this.#text.textContent = this.#alert.textContent = "";
    this.#text.textContent = text;
    this.#alert.textContent = alert;
    this.#undo.hidden = !this.#after.undo;
    this.#button.hidden = !this.#after.ticket;
    this.#printed.textContent = this.#after.ticket?.label ?? "";
    this.element.classList.toggle("refused", Boolean(alert));
  }
}
