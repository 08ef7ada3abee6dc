/** The top of the page: clinic, day, clock, search, and whether what is shown is true now. */

import { make, show } from "../../shared/elements.js";
import { plusDays, WallClock } from "../../shared/wall_clock.js";
import { sharedWords } from "../../shared/words.js";
import { Picker } from "../../shared/picker.js";
import { refused } from "../words.js";

/** @import { Failure } from "../../shared/api.js" */
/** @import { Desk } from "../desk.js" */

export class Head {
  #desk;
  #time = make("time", {});
  #state = make("p", { class: "state", role: "status" });
  #date;
  /** Whether a date is being typed, which changes with every key. */
  #typing = false;
  #heading = make("h1", {});
  #away = make("p", { class: "away", role: "status", hidden: true });

  /** @param {Desk} desk @param {HTMLElement | null} chooser chooses another clinic */
  constructor(desk, chooser) {
    this.#desk = desk;
    const { words } = desk;
    const find = async (/** @type {string} */ text, /** @type {any} */ now) => (await desk.act((acts) => acts.finder(desk, true)(text, now), false)) ?? Promise.reject(new TypeError());
    this.picker = new Picker(desk.lang, words.search, words.searchHint, find, (found) => desk.act((acts) => acts.takeFound(desk, found)));
    this.#date = make("input", {
      type: "date", id: "date", min: "1900-01-01", max: "2999-12-31", "aria-label": words.day,
      onpointerdown: () => (this.#typing = false), onkeydown: (/** @type {KeyboardEvent} */ { key }) => this.#key(key), onchange: () => this.#typing || this.#go(), onblur: () => this.#go(),
    });
    const button = (/** @type {string} */ text, /** @type {string} */ key, /** @type {() => unknown} */ act, /** @type {string} */ label = "") =>
      make("button", { type: "button", onclick: act, "aria-label": label || null }, text, make("kbd", { "aria-hidden": "true" }, key));
    this.element = make(
      "header",
      { class: "head" },
      make("a", { class: "skip", href: "#day", onclick: (/** @type {Event} */ event) => (event.preventDefault(), desk.goToNow()) }, words.skip),
      make("div", { class: "place" }, make("p", { class: "clinic" }, chooser ?? make("bdi", {}, desk.clinic.name), this.#state), make("div", { class: "date" }, this.#heading, this.#away)),
      make(
        "nav",
        { "aria-label": words.day },
        button("‹", ",", () => desk.goTo(plusDays(desk.date, -1)), words.dayBefore),
        button(words.today, "T", () => desk.goTo(desk.today)),
        button("›", ".", () => desk.goTo(plusDays(desk.date, 1)), words.dayAfter),
        this.#date,
      ),
      make("div", { class: "finder" }, this.picker.element, make("kbd", { "aria-hidden": "true" }, "/")),
      make(
        "div",
        { class: "tools" },
        button(words.commands.print, "", () => print()),
        button(sharedWords(desk.lang).myAccount, "", () => desk.act((acts) => acts.showMyAccount(desk.session, desk.lang))),
        button(words.commands.keys, "?", () => desk.press("?")),
        button(words.commands.lock, "L", () => desk.lock()),
      ),
      this.#time,
    );
  }

  /** The date in words. */
  get title() {
    const { lang, date } = this.#desk;
    return new WallClock(lang, "UTC").long(Date.parse(`${date}T12:00:00Z`));
  }

  /** How far from today the day is, such as `in 7 days`. */
  get #distance() {
    const { lang, date, today } = this.#desk;
    const days = Math.round((Date.parse(date) - Date.parse(today)) / 86_400_000);
    return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(days, "day");
  }

  /** Show the day that was typed once that is over. @param {string} key */
  #key(key) {
    const { grid, date } = this.#desk;
    this.#typing = true;
    if (key === "Escape") this.#date.value = date;
    if (key !== "Enter") return;
    this.#date.blur();
    if (grid.current) grid.focus(grid.current.key);
  }

  #go() {
    const { value, validity } = this.#date;
    this.#typing = false;
    if (value && validity.valid && value !== this.#desk.date) this.#desk.goTo(value);
  }

  draw() {
    const { wall, clock, date, clinic } = this.#desk;
    const now = clock.now();
    this.#time.textContent = wall.time(now);
    const { isToday } = this.#desk;
    this.#heading.textContent = this.title;
    show(this.#away, isToday ? "" : this.#distance);
    if (document.activeElement !== this.#date) this.#date.value = date;
    document.title = `${clinic.name} · ${this.#heading.textContent}`;
  }

  /** Say whether the day is up to date. @param {Failure | null} failure */
  connected(failure) {
    const { words, wall, clock } = this.#desk;
    this.element.classList.toggle("lost", failure !== null);
    if (!failure) this.#say(words.live);
    else if (!this.element.dataset.lost) this.#say(failure.status ? refused(failure) : words.lost(wall.time(clock.now())));
    this.element.dataset.lost = failure ? "lost" : "";
  }

  /** @param {string} text */
  #say(text) {
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }
}
